/** Other versions of Node, from npm. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The binary of exactly this version, fetched once into the cache of `npm run build:prebuilds`. */
export function nodeBinary(version: string, arch: 'x64' | 'arm64' = 'x64'): string {
  const name = `node-linux-${arch}`
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const directory = join(cache, 'c1m-native', `${name}-${version}`)
  const binary = join(directory, 'node_modules', name, 'bin', 'node')
  if (!existsSync(binary)) {
    mkdirSync(directory, { recursive: true })
    // --force: the package of another architecture refuses this one.
    const install = ['install', '--prefix', directory, '--no-save', '--no-audit', '--no-fund', '--force']
    execFileSync('npm', [...install, `${name}@${version}`], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return binary
}
