import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../lib/result/result.js'
import { ending, runCli } from '../cli/run_cli.js'
import { defineInUse } from '../helpers/in_use.js'
import { expectNoSockets, ownAddress } from '../helpers/loopback.js'
import { resultOf, runScript, startScript } from '../helpers/node_script.js'

/** Acts once a self-dial of 100,000 connections has opened a thousand. */
function midRamp(source: string, act: string): string {
  return `
    const run = c1m.dial({ connections: 100_000, source: ['${source}-${source.replace(/\d+$/, '250')}'] })
    for await (const { established } of run.snapshots({ everyMs: 1 })) {
      if (established > 1000) {
        ${act}
      }
    }`
}

describe('during a ramp', () => {
  it('process.exit ends the process with its code', async () => {
    const source = ownAddress()
    const ended = await runScript(midRamp(source, 'process.exit(7)'))
    expect(ended).toEqual({ code: 7, signal: null, stdout: '', stderr: '' })
    await expectNoSockets(source)
  })

  it('an uncaught exception ends the process as it does without a run', async () => {
    const source = ownAddress()
    const { code, signal, stdout, stderr } = await runScript(
      midRamp(source, "setImmediate(() => { throw new Error('elsewhere') })")
    )
    expect({ code, signal, stdout }).toEqual({ code: 1, signal: null, stdout: '' })
    expect(stderr).toContain('Error: elsewhere')
    await expectNoSockets(source)
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)('%s ends the process', async (signal) => {
    const source = ownAddress()
    const child = startScript(midRamp(source, "console.log('ready')"))
    const ended = ending(child)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    child.kill(signal)
    expect(await ended).toMatchObject({ code: null, signal })
    await expectNoSockets(source)
  })
})

describe('during a hold', () => {
  it('process.exit ends the process with its code', async () => {
    const source = ownAddress()
    const script = `
      const run = c1m.dial({ connections: 20_000, holdMs: 600_000, source: ['${source}'] })
      for await (const { phase } of run.snapshots({ everyMs: 1 })) if (phase === 'holding') process.exit(7)`
    expect(await runScript(script)).toEqual({ code: 7, signal: null, stdout: '', stderr: '' })
    await expectNoSockets(source)
  })

  it('process.exit ends a listener too', async () => {
    const address = ownAddress()
    const script = `
      const server = await c1m.listen({ targets: ['${address}:0'] })
      const run = c1m.dial({ targets: server.targets, connections: 5000, holdMs: 600_000, source: ['${address}'] })
      for await (const { open } of server.snapshots({ everyMs: 1 })) if (open === 5000) process.exit(7)`
    expect(await runScript(script)).toEqual({ code: 7, signal: null, stdout: '', stderr: '' })
    await expectNoSockets(address)
  })
})

describe('a run whose result is not awaited', () => {
  it('keeps the process alive until it ends, and no longer', async () => {
    const source = ownAddress()
    const script = `
      c1m.dial({ connections: 5000, holdMs: 200, source: ['${source}'] })
      process.on('exit', () => console.log(performance.now()))`
    const { code, stdout, stderr } = await runScript(script)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(200)
    await expectNoSockets(source)
  })

  it.each([
    ['dial', "c1m.dial({ targets: ['nonsense'] })"],
    ['snapshots()', "for await (const _ of c1m.dial({ targets: ['nonsense'] }).snapshots());"],
    ['disposal', "await c1m.dial({ targets: ['nonsense'] })[Symbol.asyncDispose]()"]
  ])('ends the process when it cannot start and only %s is called', async (_, script) => {
    const { code, stderr } = await runScript(script)
    expect(code).toBe(1)
    expect(stderr).toContain("C1mError: target 'nonsense' has no port")
  })

  it('may fail without an unhandled rejection when the caller sees the error elsewhere', async () => {
    const script = `
      const run = c1m.dial({ targets: ['nonsense'] })
      await run.started.catch(({ code }) => console.log(code))
      await run[Symbol.asyncDispose]()`
    expect(await runScript(script)).toEqual({
      code: 0,
      signal: null,
      stdout: 'C1M_TARGET_INVALID\n',
      stderr: ''
    })
  })
})

describe('await using', () => {
  // Node 20 has no "using": this is what compilers emit for it.
  it('closes everything when the block throws', async () => {
    const address = ownAddress()
    const script = `
      ${defineInUse(address)}
      const attempt = async () => {
        const server = await c1m.listen({ targets: ['${address}:0'] })
        try {
          const run = c1m.dial({ targets: server.targets, connections: 50_000, rate: 5000, source: ['${address}'] })
          try {
            for await (const { established } of run.snapshots({ everyMs: 1 })) {
              if (established > 100) throw new Error('enough')
            }
          } finally {
            await run[Symbol.asyncDispose]()
          }
        } finally {
          await server[Symbol.asyncDispose]()
        }
      }
      await attempt().catch(() => {})
      const first = inUse()
      const { message } = await attempt().catch((error) => error)
      console.log(JSON.stringify({ message, first, second: inUse() }))`
    const { message, first, second } = await resultOf<Record<string, { sockets: boolean }>>(script)
    expect(message).toBe('enough')
    expect(second).toEqual(first)
    expect(second).toMatchObject({ sockets: false })
  })
})

describe('when a part of the program cannot be loaded,', () => {
  it('a run gives its result without findings, and says so', async () => {
    const source = ownAddress()
    const hook = `data:text/javascript,${encodeURIComponent(`
      export const resolve = (name, context, next) => {
        if (name.endsWith('diagnosis.js')) throw new Error('no such file')
        return next(name)
      }`)}`
    const script = `
      const { register } = await import('node:module')
      register(${JSON.stringify(hook)})
      // Only here, because the hook starts a thread.
      ${defineInUse(source)}
      const before = inUse()
      const result = await c1m.dial({ connections: 100, holdMs: 1500, source: ['${source}'] }).result
      console.log(JSON.stringify({ result, before, after: inUse() }))`
    const { result, before, after } = await resultOf<{ result: RunResult; before: object; after: object }>(
      script
    )
    expect(result).toMatchObject({
      connections: { established: 100, failed: 0 },
      findings: [],
      unavailable: ['the findings: no such file']
    })
    // The counters are read without it.
    expect(result.counters['Tcp.ActiveOpens']?.delta).toBeGreaterThanOrEqual(100)
    expect(after).toEqual(before)
  })

  it('the command line prints the result as JSON when the report is missing', async () => {
    const hook = `
      import Module from 'node:module'
      const resolve = Module._resolveFilename
      Module._resolveFilename = (name, ...rest) => {
        if (/[.][/]dial_text[0-9]*.cjs$/.test(name)) throw new Error('no such file')
        return resolve(name, ...rest)
      }`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`
    const { code, stdout, stderr } = await runCli(['dial', '-c', '10', '-s', ownAddress()], { NODE_OPTIONS })
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'c1m-native: the report cannot be shown as text (no such file); here it is as JSON.\n'
    })
    expect(JSON.parse(stdout)).toMatchObject({ connections: { established: 10 }, unavailable: [] })
  })

  it('the command line says so and exits', async () => {
    const hook = `
      import Module from 'node:module'
      const resolve = Module._resolveFilename
      Module._resolveFilename = (name, ...rest) => {
        if (/[.][/]listen[0-9]*.cjs$/.test(name)) throw new Error('no such file')
        return resolve(name, ...rest)
      }`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`
    const { code, stderr } = await runCli(['listen'], { NODE_OPTIONS })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^c1m-native: internal error: no such file\. [^\n]+\n$/)
  })
})

describe('two concurrent runs', () => {
  it('do not affect each other', async () => {
    const [one, two] = [ownAddress(), ownAddress()]
    const script = `
      ${defineInUse(one)}
      const dial = (source, connections) => c1m.dial({ connections, source: [source], holdMs: 100 }).result
      await dial('${one}', 10)
      const before = inUse()
      const results = await Promise.all([dial('${one}', 3000), dial('${two}', 2000)])
      console.log(JSON.stringify({ totals: results.map((r) => r.connections), before, after: inUse() }))`
    const { totals, before, after } = await resultOf<{ totals: object[]; before: object; after: object }>(
      script
    )
    expect(totals).toMatchObject([
      { requested: 3000, attempted: 3000, established: 3000, failed: 0, peak: 3000 },
      { requested: 2000, attempted: 2000, established: 2000, failed: 0, peak: 2000 }
    ])
    expect(after).toEqual(before)
    await expectNoSockets(one)
    await expectNoSockets(two)
  })
})
