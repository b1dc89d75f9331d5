/** A machine with Node and nothing to compile with: an empty folder, and a PATH of node, npm, sh and coreutils. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { temporaryFolder } from '../helpers/temporary.js'

/** Commands that npm and package scripts call besides sh. */
const coreutils = [
  'basename',
  'cat',
  'cp',
  'dirname',
  'env',
  'id',
  'ls',
  'mkdir',
  'mv',
  'readlink',
  'rm',
  'uname'
]
/** Commands that are missing, which a test checks. */
export const toolchain = ['cmake', 'make', 'ninja', 'cc', 'gcc', 'g++', 'c++', 'clang', 'python', 'python3']

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface BareMachine extends Disposable {
  /** The folder in which its commands run, with an empty package.json. */
  readonly path: string
  /** The folder in which npm installed the package. */
  readonly installed: string
  /** Runs a command found on its PATH. */
  run(command: string, ...args: string[]): Ran
  /** Installs the tarball; throws when that fails. */
  install(tarball: string): void
  /** Runs a script with another Node. */
  runNode(node: string, ...args: string[]): Ran
}

export function bareMachine(env: Record<string, string> = {}): BareMachine {
  const folder = temporaryFolder()
  const bin = join(folder.path, 'bin')
  const path = join(folder.path, 'app')
  for (const directory of [bin, path, join(folder.path, 'home')]) mkdirSync(directory)
  symlinkSync(process.execPath, join(bin, 'node'))
  for (const command of ['sh', ...coreutils]) symlinkSync(onPath(command), join(bin, command))
  // This script looks for the rest of npm next to itself.
  for (const command of ['npm', 'npx']) symlinkSync(realpathSync(onPath(command)), join(bin, command))
  writeFileSync(join(path, 'package.json'), '{ "private": true }')
  const environment = {
    PATH: bin,
    HOME: join(folder.path, 'home'),
    npm_config_update_notifier: 'false',
    // The settings with which this machine reaches a registry.
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) =>
        /^(npm_config_(cafile|registry|.*proxy)|NODE_EXTRA_CA_CERTS|https?_proxy)$/i.test(name)
      )
    ),
    ...env
  }
  const run = (command: string, ...args: string[]): Ran => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: path,
      env: environment,
      encoding: 'utf8',
      maxBuffer: 2 ** 26
    })
    if (error) throw error
    return { code: status, stdout, stderr }
  }
  return {
    path,
    installed: join(path, 'node_modules', 'c1m-native'),
    run: (command, ...args) => run(join(bin, command), ...args),
    runNode: (node, ...args) => run(node, ...args),
    install(tarball) {
      execFileSync(join(bin, 'npm'), ['install', '--no-audit', '--no-fund', tarball], {
        cwd: path,
        env: environment,
        stdio: ['ignore', 'ignore', 'inherit']
      })
    },
    [Symbol.dispose]: () => folder[Symbol.dispose]()
  }
}

/** The file a command stands for. */
export function onPath(command: string): string {
  const directories = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)]
  // Without the folders that npm prepends for the scripts of this package.
  const directory = directories.find(
    (directory) => existsSync(join(directory, command)) && !directory.includes('node_modules')
  )
  if (!directory) throw new Error(`${command} is not on PATH`)
  return join(directory, command)
}
