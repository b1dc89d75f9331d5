import { describe, expect, it } from 'vitest'
import { native } from '../../../lib/engine/native.js'
import type { NativeCensus, NativeDialConfig, NativeRun } from '../../../lib/engine/native_run.js'
import { ownAddress } from '../../helpers/loopback.js'
import { dialing, listening, small } from '../../helpers/native_config.js'
import { createRun, runThrough } from '../../helpers/native_run.js'
import { resultOf } from '../../helpers/node_script.js'

const addon = native()

describe('Run', () => {
  it('reports the end of the ramp and the end of the closing', async () => {
    const config = { ...small, workers: 2, maxTables: 4, dial: dialing(), listen: listening() }
    const counters = new Float64Array(addon.counterNames.length)
    const events = await runThrough(config, (run, event) => {
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

  it('may be closed before it starts', async () => {
    const config = { ...small, dial: dialing({ connections: 10_000 }), listen: listening() }
    const events = await runThrough(config, (run, event) => event === 'started' && run.close())
    expect(events.at(-1)).toBe('closed')
  })

  it('may be closed any number of times, also after its end', async () => {
    let kept: NativeRun | undefined
    await runThrough({ ...small, listen: listening() }, (run) => {
      kept = run
      run.close()
      run.close()
    })
    kept?.close()
    kept?.join()
    expect(kept?.status()).toMatchObject({ tables: 1 })
  })

  it('ends without a call of join()', async () => {
    const source = ownAddress()
    const script = `
      const { createRequire } = await import('node:module')
      const { Run } = createRequire(library)('node-gyp-build')(new URL('..', library).pathname)
      const dial = ${JSON.stringify(dialing({ sources: [{ first: source, last: source }] }))}
      const run = new Run({ ...${JSON.stringify(small)}, dial, listen: ${JSON.stringify(listening())} }, (event) => {
        run.close()
        if (event === 'closed') setImmediate(() => process.exit(0))
      })
      console.log(JSON.stringify(run.start()))`
    expect(await resultOf(script)).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
  })

  it('starts only once', async () => {
    const again: unknown[] = []
    const start = (run: NativeRun) => {
      try {
        run.start()
      } catch (error) {
        again.push(String(error))
      }
    }
    let kept: NativeRun | undefined
    await runThrough({ ...small, listen: listening() }, (run) => {
      kept = run
      start(run)
      run.close()
    })
    if (kept) start(kept)
    expect(new Set(again)).toEqual(new Set(['Error: the run was already started']))
  })

  it('gives counters before it starts', () => {
    const run = createRun({ ...small, listen: listening() })
    const counters = new Float64Array(addon.counterNames.length).fill(7)
    run.snapshot(counters)
    expect(new Set(counters)).toEqual(new Set([0]))
    expect(run.errors()).toEqual([])
    expect(run.latency('connect')).toMatchObject({ count: 0, maxNs: 0 })
    expect(run.status()).toMatchObject({ tables: 0, tuplesUsedUp: false, tablesUsedUp: false })
    run.close()
    run.join()
  })

  it('requires room for every counter', () => {
    const run = createRun({ ...small, listen: listening() })
    expect(() => run.snapshot(new Float64Array(1))).toThrow(RangeError)
    expect(() => run.snapshot(new Uint8Array(1000) as unknown as Float64Array)).toThrow(TypeError)
    expect(() => run.snapshot(undefined as unknown as Float64Array)).toThrow(TypeError)
  })

  it('refuses an unknown latency', () => {
    const run = createRun({ ...small, listen: listening() })
    expect(() => run.latency('other' as 'connect')).toThrow('unknown latency: other')
  })

  it('throws errno and system call when it cannot start, and has ended then', () => {
    const run = createRun({
      ...small,
      listen: listening({ targets: [{ address: '192.0.2.1', firstPort: 0, lastPort: 0 }] })
    })
    expect(() => run.start()).toThrow(expect.objectContaining({ errno: 99, syscall: 'bind' }))
    expect(() => run.start()).toThrow('the run was already started')
    run.close()
    run.join()
  })

  it('gives a census only once it is taken', async () => {
    const told: unknown[] = []
    const taken: NativeCensus[] = []
    const fetch = (run: NativeRun) => {
      try {
        taken.push(run.censusTaken())
      } catch (error) {
        told.push(String(error))
      }
    }
    const config = {
      ...small,
      dial: dialing({ connections: 500, hold: true }),
      // The backlog has room for all, however late they are accepted.
      listen: listening({ backlog: 500 })
    }
    const events = await runThrough(config, (run, event) => {
      if (event === 'started') fetch(run)
      if (event === 'ramped') {
        told.push(run.takeCensus(600, 1, 0))
        // From here on the tables write.
        fetch(run)
        told.push(run.takeCensus(600, 1, 0))
      }
      if (event === 'censused') {
        fetch(run)
        fetch(run)
        run.close()
      }
    })
    expect(events).toEqual(['ramped', 'censused', 'closed'])
    const none = 'Error: there is no finished census'
    expect(told).toEqual([none, true, none, false, none])
    expect(taken.map(({ capacity, rows, missed }) => ({ capacity, rows, missed }))).toEqual([
      { capacity: 600, rows: 500, missed: 0 }
    ])
    expect(taken[0]?.buffer.byteLength).toBe(600 * addon.censusRowBytes)
  })

  it('refuses arguments of the wrong type, and converts none', () => {
    const run = createRun({ ...small, listen: listening() })
    const converted: string[] = []
    const trick = {
      valueOf: () => converted.push('valueOf'),
      toString: () => converted.push('toString')
    } as never
    expect(() => run.takeCensus(trick, 1, 0)).toThrow('capacity must be a number from 0 to 1000000000000')
    expect(() => run.takeCensus(1, trick, 0)).toThrow('stride must be a number from 1 to 4294967295')
    expect(() => run.takeCensus(1, 1, trick)).toThrow('offset must be a number from 0 to 4294967295')
    expect(() => run.takeCensus(new ArrayBuffer(64) as never, 1, 0)).toThrow(TypeError)
    expect(() => run.latency(trick)).toThrow('kind must be a string')
    expect(() => addon.readTracefs(trick)).toThrow('path must be a string')
    expect(converted).toEqual([])
  })

  it('throws when there is no memory for a census', () => {
    const run = createRun({ ...small, listen: listening() })
    expect(() => run.takeCensus(1e12, 1, 0)).toThrow(RangeError)
  })

  it.each([
    ['backlog', { listen: listening({ backlog: 0 }) }, 'backlog must be a number from 1 to 2147483647'],
    [
      'rate',
      { dial: dialing({ rate: [{ atMs: 0, perSecond: -1 }] }), listen: listening() },
      'perSecond must be a number from 0 to 1000000000'
    ],
    [
      'rates that go back in time',
      {
        dial: dialing({
          rate: [
            { atMs: 5, perSecond: 1 },
            { atMs: 5, perSecond: 2 }
          ]
        }),
        listen: listening()
      },
      'rate must be points in ascending order of atMs'
    ]
  ])('names the allowed values in plain words: %s', (_, config, message) => {
    expect(() => createRun({ ...small, ...config })).toThrow(message)
  })

  it('reads an array only up to its initial length', () => {
    const rate: unknown[] = []
    let reads = 0
    const add = () =>
      Object.defineProperty(rate, rate.length, {
        get: () => {
          add()
          return { atMs: reads++, perSecond: 1 }
        }
      })
    add()
    createRun({ ...small, dial: dialing({ rate }), listen: listening() })
    expect(reads).toBe(1)
  })

  it.each<[string, Partial<Record<keyof NativeDialConfig, unknown>>]>([
    ['sources', { sources: [] }],
    ['source ports', { sourcePorts: [] }]
  ])('without %s reports that there are no tuples', async (_, empty) => {
    const errors: unknown[] = []
    const events = await runThrough({ ...small, dial: dialing(empty), listen: listening() }, (run, event) => {
      if (event !== 'ramped') return
      errors.push(run.status().tuplesUsedUp)
      run.close()
    })
    expect(events).toEqual(['ramped', 'closed'])
    expect(errors).toEqual([true])
  })
})
