import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type NativeDialConfig, type NativeRun, native } from '../../lib/native.js'
import { ownAddress } from '../helpers/loopback.js'
import { dialing, listening } from '../helpers/native_config.js'
import { resultOf } from '../helpers/node_script.js'

const addon = native()

const small = { lanes: 1, maxTables: 2 }

/** What the addon is given by mistake, whatever its types say. */
function create(config: unknown, onEvent: unknown = () => {}): NativeRun {
  return new addon.Run(config as never, onEvent as never)
}

describe('the addon', () => {
  it('is loaded once', () => {
    expect(native()).toBe(addon)
  })

  it('names its counters', () => {
    expect(addon.counterNames).toMatchInlineSnapshot(`
      [
        "attempted",
        "established",
        "failed",
        "dialedOpen",
        "dialedClosedByPeer",
        "skippedPorts",
        "synRetransmits",
        "connectionsWithSynRetry",
        "dialedBytesReceived",
        "dialedBytesSent",
        "exchanges",
        "transactions",
        "accepted",
        "acceptedOpen",
        "acceptedClosedByPeer",
        "acceptedBytesReceived",
        "acceptedBytesSent",
      ]
    `)
  })

  it('raises the descriptor limit of this process to what is allowed', () => {
    expect(addon.descriptorLimit()).toBeGreaterThan(0)
    const [, soft, hard] =
      /^Max open files +(\S+) +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    expect(soft).toBe(hard)
    expect(addon.descriptorLimit()).toBe(Math.min(Number(hard), 2 ** 31 - 1))
  })

  it('tells whether threads can have descriptors of their own, and changes nothing by finding out', () => {
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    expect(addon.privateTables()).toBeTypeOf('boolean')
    expect(open()).toBe(before)
  })

  it('tells what is missing where there is none for this platform', async () => {
    const script = `
      const error = await c1m.dial().result.catch((error) => error)
      console.log(JSON.stringify({ ...error, message: error.message, name: error.name }))`
    expect(await resultOf(script, { env: { C1M_NATIVE_PREBUILD: '/nowhere' } })).toMatchObject({
      name: 'C1mError',
      code: 'C1M_NATIVE_UNAVAILABLE',
      exitCode: 1,
      message: expect.stringContaining('the native addon is missing'),
      hint: expect.stringContaining('Compile it')
    })
  })
})

describe('Run', () => {
  /** Starts a run and resolves with the events it has sent when it is closed. */
  function through(config: unknown, act: (run: NativeRun, event: string) => void) {
    return new Promise<string[]>((resolve) => {
      const events: string[] = []
      const run = create(config, (event: string) => {
        events.push(event)
        act(run, event)
        if (event !== 'closed') return
        run.join()
        resolve(events)
      })
      run.start()
      act(run, 'started')
    })
  }

  it('tells when it has ramped and when it is closed', async () => {
    const config = { lanes: 2, maxTables: 4, dial: dialing(), listen: listening() }
    const counters = new Float64Array(addon.counterNames.length)
    const events = await through(config, (run, event) => {
      if (event === 'ramped') run.close()
      if (event === 'closed') run.snapshot(counters)
    })
    expect(events).toEqual(['ramped', 'closed'])
    expect(Object.fromEntries(addon.counterNames.map((name, i) => [name, counters[i]]))).toMatchObject({
      attempted: 10,
      established: 10,
      failed: 0,
      dialedOpen: 0,
      acceptedOpen: 0
    })
  })

  it('may be closed before it has done anything', async () => {
    const config = { ...small, dial: dialing({ connections: 10_000 }), listen: listening() }
    const events = await through(config, (run, event) => event === 'started' && run.close())
    expect(events.at(-1)).toBe('closed')
  })

  it('may be closed any number of times, also when it is over', async () => {
    let kept: NativeRun | undefined
    await through({ ...small, listen: listening() }, (run) => {
      kept = run
      run.close()
      run.close()
    })
    kept?.close()
    kept?.join()
    expect(kept?.status()).toMatchObject({ workers: 1 })
  })

  it('ends whether or not anybody joins it', async () => {
    const source = ownAddress()
    const script = `
      const { createRequire } = await import('node:module')
      const { Run } = createRequire(library)('node-gyp-build')(new URL('..', library).pathname)
      const dial = ${JSON.stringify(dialing({ sources: [{ first: source, last: source }] }))}
      const run = new Run({ lanes: 1, maxTables: 2, dial, listen: ${JSON.stringify(listening())} }, (event) => {
        run.close()
        if (event === 'closed') setImmediate(() => process.exit(0))
      })
      console.log(JSON.stringify(run.start()))`
    expect(await resultOf(script)).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
  })

  it('starts once', async () => {
    const again: unknown[] = []
    const start = (run: NativeRun) => {
      try {
        run.start()
      } catch (error) {
        again.push(String(error))
      }
    }
    let kept: NativeRun | undefined
    await through({ ...small, listen: listening() }, (run) => {
      kept = run
      start(run)
      run.close()
    })
    if (kept) start(kept)
    expect(new Set(again)).toEqual(new Set(['Error: a run starts once']))
  })

  it('can be looked at before it starts', () => {
    const run = create({ ...small, listen: listening() })
    const counters = new Float64Array(addon.counterNames.length).fill(7)
    run.snapshot(counters)
    expect(new Set(counters)).toEqual(new Set([0]))
    expect(run.errors()).toEqual([])
    expect(run.latency('connect')).toMatchObject({ count: 0, maxNs: 0 })
    expect(run.status()).toMatchObject({ workers: 0, tuplesUsedUp: false, tablesUsedUp: false })
    run.close()
    run.join()
  })

  it('wants room for every counter', () => {
    const run = create({ ...small, listen: listening() })
    expect(() => run.snapshot(new Float64Array(1))).toThrow(RangeError)
    expect(() => run.snapshot(new Uint8Array(1000) as unknown as Float64Array)).toThrow(TypeError)
    expect(() => run.snapshot(undefined as unknown as Float64Array)).toThrow(TypeError)
  })

  it('knows no other latency', () => {
    const run = create({ ...small, listen: listening() })
    expect(() => run.latency('other' as 'connect')).toThrow('unknown latency: other')
  })

  it('throws errno and system call when it cannot start, and is over then', () => {
    const run = create({
      ...small,
      listen: listening({ targets: [{ address: '192.0.2.1', firstPort: 0, lastPort: 0 }] })
    })
    expect(() => run.start()).toThrow(expect.objectContaining({ errno: 99, syscall: 'bind' }))
    expect(() => run.start()).toThrow('a run starts once')
    run.close()
    run.join()
  })

  it.each<[string, Partial<Record<keyof NativeDialConfig, unknown>>]>([
    ['sources', { sources: [] }],
    ['source ports', { sourcePorts: [] }]
  ])('without %s has no tuples, and says so', async (_, empty) => {
    const errors: unknown[] = []
    const events = await through({ ...small, dial: dialing(empty), listen: listening() }, (run, event) => {
      if (event !== 'ramped') return
      errors.push(run.status().tuplesUsedUp)
      run.close()
    })
    expect(events).toEqual(['ramped', 'closed'])
    expect(errors).toEqual([true])
  })
})
