// Compiles the native addon into build/Release: `npm run build:native` in a clone, `node native/build.mjs` in an
// installed package that has no prebuilt addon for its platform.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** The tools a compile needs: one of the commands, and the package with it for each package manager. */
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

/** Whether an executable file with this name is on PATH. */
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

/** A sentence that names the missing tools and how to install them; undefined if none is missing. */
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

/** The commands to run, in this order. */
function compileCommands() {
  const jobs = String(availableParallelism())
  // A clone has cmake-js. An installed package calls cmake itself, which saves the 40 packages of cmake-js.
  const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js')
  if (existsSync(cmakeJs)) return [[process.execPath, cmakeJs, 'compile', '--parallel', jobs]]
  const build = join(root, 'build')
  const includes = [
    require('node-api-headers').include_dir,
    dirname(require.resolve('node-addon-api/napi.h'))
  ]
  const settings = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_JS_INC: includes.join(';'),
    CMAKE_LIBRARY_OUTPUT_DIRECTORY: join(build, 'Release')
  }
  const defines = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
  return [
    ['cmake', '-S', root, '-B', build, ...defines],
    ['cmake', '--build', build, '--parallel', jobs]
  ]
}

/** Compiles all sources that have changed since the last compile; returns the exit code. */
function compile() {
  const problem = missingTools()
  if (problem) {
    console.error(problem)
    return 1
  }
  for (const [command, ...args] of compileCommands()) {
    if (spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0) continue
    console.error("c1m-native: compiling the native addon failed; the compiler's output is above.")
    return 1
  }
  return 0
}

process.exitCode = compile()
