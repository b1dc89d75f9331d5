import { expect, it } from 'vitest'
import { defineInUse } from '../helpers/in_use.js'
import { ownAddress } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'

/** How many dials, of how many connections: `npm run test:leak` asks for more than is good for every run of the tests. */
const [dials = 0, connections = 0] = (process.env.C1M_LEAK ?? '10x5000').split('x').map(Number)

/** Runs until V8 and the allocator have what they keep for good; both go on taking a little while a long test lasts. */
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
    // V8 doubles its young generation now and then, at up to 16 MB, however little survives in it.
    nodeOptions: ['--expose-gc', '--max-semi-space-size=1']
  })
  // Descriptors and threads are given back with the result, without waiting for garbage collection.
  expect(after.use).toEqual(before.use)
  expect(before.use).toMatchObject({ sockets: false })
  // The noise of a process that has stopped growing.
  expect(after.rssBytes - before.rssBytes).toBeLessThan(4 * 2 ** 20)
}, 600_000)
