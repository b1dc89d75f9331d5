import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type BareMachine, bareMachine, onPath } from './bare_machine.js'
import { nodeBinary } from './node_versions.js'

/** The oldest supported version, the last of each release line, and the newest. */
const x64 = ['20.17.0', '20.20.2', '22.23.3', '24.21.0', '26.10.0']
const arm64 = ['20.20.2', '22.23.3', '24.22.0', '26.12.0']
const bin = join('node_modules', 'c1m-native', 'dist', 'cli', 'bin.cjs')

let machine: BareMachine
beforeAll(() => {
  machine = bareMachine()
  machine.install(inject('tarball'))
})
afterAll(() => machine[Symbol.dispose]())

const connections = ({ stdout }: { stdout: string }) => JSON.parse(stdout).connections

describe.each(x64)('the addon for x64 under Node %s', (version) => {
  const node = nodeBinary(version)

  it('opens connections', () => {
    const ran = machine.runNode(node, bin, 'dial', '-c', '10k', '--json')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(connections(ran)).toMatchObject({ established: 10_000, failed: 0 })
  })

  // require() of an ES module without a flag: 20.19, 22.12 and later.
  it.skipIf(version === '20.17.0')('can be required', () => {
    const source = `require('c1m-native').dial({ connections: 10 }).result.then((r) => console.log(r.connections.established))`
    expect(machine.runNode(node, '--eval', source)).toEqual({ code: 0, stdout: '10\n', stderr: '' })
  })

  it('survives a worker thread', () => {
    const source = `
      import { Worker } from 'node:worker_threads'
      const script = "import('c1m-native').then(({ dial }) => dial({ connections: 10, targets: ['127.0.0.1:x'] }).result.catch((e) => console.log(e.code)))"
      for (let i = 0; i < 3; i++) await new Promise((end) => new Worker(script, { eval: true }).on('exit', end))`
    const ran = machine.runNode(node, '--input-type=module', '--eval', source)
    expect(ran).toEqual({ code: 0, stdout: 'C1M_TARGET_INVALID\n'.repeat(3), stderr: '' })
  })
})

// By Debian's qemu-user-static, with the C and C++ libraries of its cross compiler.
describe.each(arm64)('the addon for arm64 under emulated Node %s', (version) => {
  const node = nodeBinary(version, 'arm64')

  it('opens connections', () => {
    const ran = machine.runNode(
      onPath('qemu-aarch64-static'),
      '-L',
      '/usr/aarch64-linux-gnu',
      node,
      bin,
      'dial',
      '-c',
      '1k',
      '--json'
    )
    expect(ran).toMatchObject({ code: 0 })
    expect(connections(ran)).toMatchObject({ established: 1000, failed: 0 })
  })
})
