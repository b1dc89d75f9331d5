import { expect, it } from 'vitest'
import { defineInUse } from '../helpers/in_use.js'
import { ownAddress } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'

/** Number of dials, and of connections each: `npm run test:leak` sets more than fits into every test run. */
const [dials = 0, connections = 0] = (process.env.C1M_LEAK ?? '10x5000').split('x').map(Number)

/** Warm-up until V8 and the allocator have what they keep; both still grow a little during a long test. */
const warmUps = Math.max(5, dials / 2)

interface Held {
  use: object
  rssBytes: number
}

it(`${dials} dials of ${connections} connections leave memory, descriptors and threads where they were`, async () => {
  const source = ownAddress()
  const script = `
    ${defineInUse(source)}
    const dial = async () => {
      const { connections } = await c1m.dial({ connections: ${connections}, source: ['${source}'] }).result
      if (connections.established !== ${connections}) throw new Error(JSON.stringify(connections))
    }
    const held = async () => {
      const use = inUse()
      for (let i = 0; i < 3; i++) {
        gc()
        await new Promise(setImmediate)
      }
      return { use, rssBytes: process.memoryUsage.rss() }
    }
    for (let i = 0; i < ${warmUps}; i++) await dial()
    const before = await held()
    for (let i = 0; i < ${dials}; i++) await dial()
    console.log(JSON.stringify({ before, after: await held() }))`
  const { before, after } = await resultOf<Record<'before' | 'after', Held>>(script, {
    // V8 sometimes doubles its young generation, up to 16 MB, however little survives in it.
    nodeOptions: ['--expose-gc', '--max-semi-space-size=1']
  })
  // Descriptors and threads are released with the result, without waiting for garbage collection.
  expect(after.use).toEqual(before.use)
  expect(before.use).toMatchObject({ sockets: false })
  // Noise of a process that no longer grows.
  expect(after.rssBytes - before.rssBytes).toBeLessThan(4 * 2 ** 20)
}, 600_000)
