import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { type BareMachine, bareMachine, toolchain } from './bare_machine.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tarball = inject('tarball')

describe('the package on a machine without a toolchain', () => {
  let machine: BareMachine
  let installedAndDialedMs: number
  let dialed: ReturnType<BareMachine['run']>

  beforeAll(() => {
    machine = bareMachine()
    const began = performance.now()
    machine.install(tarball)
    dialed = machine.run('npx', 'c1m-native', 'dial', '-c', '10k', '--json')
    installedAndDialedMs = performance.now() - began
  })
  afterAll(() => machine[Symbol.dispose]())

  it('finds no compiler there', () => {
    for (const command of toolchain) {
      expect(machine.run('sh', '-c', `command -v ${command}`)).toMatchObject({ code: 127, stdout: '' })
    }
  })

  it('installs and opens 10,000 connections in less than 15 seconds', () => {
    console.log(`install and dial: ${(installedAndDialedMs / 1000).toFixed(2)} s`)
    expect(dialed).toMatchObject({ code: 0 })
    expect(JSON.parse(dialed.stdout).connections).toMatchObject({ established: 10_000, failed: 0 })
    expect(installedAndDialedMs).toBeLessThan(15_000)
    // Nothing was compiled.
    expect(existsSync(join(machine.installed, 'build'))).toBe(false)
  })

  it('prints its version', () => {
    expect(machine.run('npx', 'c1m-native', '--version')).toEqual({
      code: 0,
      stdout: `${packageJson.version}\n`,
      stderr: ''
    })
  })

  it('can be imported', () => {
    const source = `
      import { dial, listen } from 'c1m-native'
      const server = await listen({ targets: ['127.0.0.1:0'] })
      const { connections } = await dial({ targets: server.targets, connections: 100 }).result
      await server.close()
      console.log(connections.established)`
    writeFileSync(join(machine.path, 'import.mjs'), source)
    expect(machine.run('node', 'import.mjs')).toEqual({ code: 0, stdout: '100\n', stderr: '' })
  })

  it('can be required', () => {
    const source = `require('c1m-native').dial({ connections: 100 }).result.then((r) => console.log(r.connections.established))`
    writeFileSync(join(machine.path, 'require.cjs'), source)
    expect(machine.run('node', 'require.cjs')).toEqual({ code: 0, stdout: '100\n', stderr: '' })
  })

  it('has its manifest and its schema next to the library', () => {
    const source = `
      import manifest from 'c1m-native/package.json' with { type: 'json' }
      import schema from 'c1m-native/result.schema.json' with { type: 'json' }
      console.log(manifest.version, typeof schema)`
    writeFileSync(join(machine.path, 'json.mjs'), source)
    const options = ['--disable-warning=ExperimentalWarning', 'json.mjs']
    expect(machine.run('node', ...options)).toMatchObject({
      code: 0,
      stdout: `${packageJson.version} object\n`
    })
  })

  it.each(['mts', 'cts'])('has types for a user.%s', (extension) => {
    const source = `
      import { C1mError, dial, listen, type DialOptions, type RunResult, type Snapshot } from 'c1m-native'
      export async function use(options: DialOptions): Promise<RunResult> {
        await using server = await listen({ targets: ['127.0.0.1:0'] })
        const run = dial({ ...options, targets: [...server.targets], signal: AbortSignal.timeout(1000) })
        for await (const snapshot of run.snapshots({ everyMs: 250 })) established(snapshot)
        return run.result
      }
      function established(snapshot: Snapshot): number { return snapshot.established }
      export const code = (error: unknown) => error instanceof C1mError ? error.code : undefined
      // @ts-expect-error: unknown options are refused
      dial({ conections: 1 })`
    writeFileSync(join(machine.path, `user.${extension}`), source)
    const types = join(machine.path, 'node_modules', '@types')
    mkdirSync(types, { recursive: true })
    if (!existsSync(join(types, 'node')))
      symlinkSync(join(root, 'node_modules/@types/node'), join(types, 'node'))
    const options = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,esnext.disposable']
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const check = () =>
      execFileSync(
        process.execPath,
        [tsc, '--noEmit', '--strict', '--types', 'node', ...options, `user.${extension}`],
        {
          cwd: machine.path,
          encoding: 'utf8'
        }
      )
    expect(check()).toBe('')
  })
})
