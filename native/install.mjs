// npm's install script: nothing to do when a prebuilt addon loads here, else compile it into build/Release.
// `--compile` compiles in any case (`npm run build:native`), and so does C1M_NATIVE_BUILD=1 during an install.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** What a compile needs: any of the commands, and the package that brings one, by package manager. */
const TOOLS = [
  { name: 'cmake', commands: ['cmake'], apt: 'cmake', dnf: 'cmake', apk: 'cmake' },
  {
    name: 'a C++20 compiler',
    commands: ['g++', 'clang++'],
    apt: 'g++',
    dnf: 'gcc-c++',
    apk: 'g++ linux-headers'
  },
  { name: 'make or ninja', commands: ['ninja', 'make'], apt: 'make', dnf: 'make', apk: 'make' }
]

/** Whether an executable file of that name stands on PATH. */
function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    const file = join(directory || '.', command)
    try {
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  })
}

/** One sentence naming what is missing and how to get it, or undefined when a compile can start. */
function missingTools() {
  const missing = TOOLS.filter((tool) => !tool.commands.some(onPath))
  if (missing.length === 0) return undefined
  const names = new Intl.ListFormat('en').format(missing.map((tool) => tool.name))
  const packages = (manager) => missing.map((tool) => tool[manager]).join(' ')
  return (
    `c1m-native: cannot compile the native addon because ${names} ${missing.length > 1 ? 'are' : 'is'} missing; ` +
    `install with 'apt-get install ${packages('apt')}', 'dnf install ${packages('dnf')}' or ` +
    `'apk add ${packages('apk')}' and run the command again.`
  )
}

/** Tries the prebuilt addon in a child process, because a file for another libc could take the process down. */
function prebuildLoads() {
  if (!existsSync(join(root, 'prebuilds'))) return false
  const script = 'require(process.argv[1])(process.argv[2])'
  const child = spawnSync(process.execPath, ['-e', script, require.resolve('node-gyp-build'), root], {
    env: { ...process.env, PREBUILDS_ONLY: '1' },
    stdio: 'ignore'
  })
  return child.status === 0
}

/** Compiles what has changed since the last compile; returns the exit code. */
function compile() {
  const problem = missingTools()
  if (problem) {
    console.error(problem)
    return 1
  }
  const cmakeJs = require.resolve('cmake-js/bin/cmake-js')
  const child = spawnSync(
    process.execPath,
    [cmakeJs, 'compile', '--parallel', String(availableParallelism())],
    {
      cwd: root,
      stdio: 'inherit'
    }
  )
  if (child.status === 0) return 0
  console.error("c1m-native: compiling the native addon failed; the compiler's output is above.")
  return 1
}

const wanted = process.argv.includes('--compile') || process.env.C1M_NATIVE_BUILD === '1'
process.exitCode = wanted || !prebuildLoads() ? compile() : 0
