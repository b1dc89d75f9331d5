import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../helpers/temporary.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Each architecture and each C library once. */
const platforms = [
  ['linux-x64.glibc', 'prebuilds/linux-x64/c1m-native.glibc.node'],
  ['linux-arm64.musl', 'prebuilds/linux-arm64/c1m-native.musl.node']
] as const

describe('a build on another host, with another zig and nothing cached,', () => {
  it('makes the same addons from the same sources, to the byte', { timeout: 900_000 }, () => {
    using elsewhere = temporaryFolder()
    const clone = join(elsewhere.path, 'some', 'clone')
    for (const path of ['.ci/prebuild', 'CMakeLists.txt', 'native', 'package.json']) {
      cpSync(join(root, path), join(clone, path), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
    const cache = join(elsewhere.path, 'cache')
    const zig = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'c1m-native', 'zig')
    cpSync(zig, join(cache, 'c1m-native', 'zig'), { recursive: true })

    const command = [join(clone, '.ci/prebuild/prebuild.mjs'), ...platforms.map(([platform]) => platform)]
    execFileSync(process.execPath, command, {
      env: { ...process.env, XDG_CACHE_HOME: cache },
      stdio: ['ignore', 'ignore', 'inherit']
    })
    for (const [, file] of platforms) {
      expect(readFileSync(join(clone, file)).equals(readFileSync(join(root, file))), file).toBe(true)
    }
  })
})
