import { cpSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type BareMachine, bareMachine, type Ran } from './bare_machine.js'
import { nodeBinary } from './node_versions.js'

const tarball = inject('tarball')
const libc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header
  .glibcVersionRuntime
  ? 'glibc'
  : 'musl'

let machine: BareMachine
let pristine: string
let prebuild: string
beforeAll(() => {
  machine = bareMachine()
  machine.install(tarball)
  pristine = join(machine.path, 'pristine')
  cpSync(machine.installed, pristine, { recursive: true })
  prebuild = join(machine.installed, 'prebuilds', `linux-${process.arch}`, `c1m-native.${libc}.node`)
})
afterAll(() => machine[Symbol.dispose]())

/** One message and nothing else: no stack and no second message. */
function refuses({ code, stdout, stderr }: Ran, message: RegExp): void {
  expect(stderr).toMatch(message)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
}

const dial = () => machine.run('npx', 'c1m-native', 'dial', '-c', '10')
const place = new RegExp(`\\(linux-${process.arch}, ${libc}[ .\\d]*, Node ${process.versions.node}\\)`).source

describe('an addon file that', () => {
  it.each([
    ['was deleted', () => rmSync(prebuild), 'the native addon is missing'],
    [
      'is cut off in the middle',
      () => truncateSync(prebuild, 100_000),
      'the native addon .* is damaged: it has 100000 of \\d+ bytes'
    ],
    [
      'is cut off by a byte',
      () => truncateSync(prebuild, statSync(prebuild).size - 1),
      'is damaged: it has \\d+ of \\d+ bytes'
    ],
    ['is empty', () => truncateSync(prebuild), 'is damaged: it does not begin as a 64-bit ELF file does']
  ])('%s is reported', (_, spoil, message) => {
    rmSync(machine.installed, { recursive: true })
    cpSync(pristine, machine.installed, { recursive: true })
    spoil()
    refuses(
      dial(),
      new RegExp(
        `^c1m-native: .*${message} ${place}\\. Delete .*c1m-native and install .*/native/build\\.mjs, which needs cmake`
      )
    )
  })
})

describe('a Node version that is too old,', () => {
  it.each(['16.20.2', '18.20.8'])('%s, is reported', (version) => {
    const bin = join(machine.installed, 'dist', 'cli', 'bin.cjs')
    for (const args of [['--version'], ['dial', '-c', '10'], []]) {
      refuses(
        machine.runNode(nodeBinary(version), bin, ...args),
        new RegExp(`^c1m-native: Node ${version} is too old; 20\\.17 or newer is needed\\. Install it from `)
      )
    }
  })
})

/** Makes Node report another operating system. */
const pretending = (platform: string) => {
  const script = `Object.defineProperty(process, 'platform', { value: '${platform}' })`
  return `--import=data:text/javascript,${encodeURIComponent(script)}`
}

describe('a system other than Linux', () => {
  const commands = [
    ['dial', '-c', '10'],
    ['listen'],
    ['plan'],
    ['doctor'],
    ['doctor', '--apply'],
    ['watch'],
    ['lab', 'clean'],
    ['bench']
  ]

  it('is refused by npm', () => {
    using other = bareMachine({ NODE_OPTIONS: pretending('darwin') })
    const { code, stderr } = other.run('npm', 'install', '--no-audit', tarball)
    expect(code).toBe(1)
    expect(stderr).toMatch(/EBADPLATFORM\n.* Unsupported platform for c1m-native@.*linux.*darwin.*\n/)
  })

  describe.each(['darwin', 'win32'])('is refused by a package installed in spite of npm: %s', (platform) => {
    it.each(commands)('%s', (...args) => {
      const bin = join(machine.installed, 'dist', 'cli', 'bin.cjs')
      refuses(
        machine.run('node', pretending(platform), bin, ...args),
        new RegExp(`^c1m-native: Linux is needed, and this is ${platform} .*docker run`)
      )
    })
  })
})
