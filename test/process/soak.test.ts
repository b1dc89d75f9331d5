/** Commands that run for days must not accumulate heap or listeners; short periods speed that up. */
import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { listen } from '../../lib/listen/listen.js'
import { watch } from '../../lib/watch/watch.js'
import { ownAddress } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'

/** Duration of the test: `npm run test:leak` sets more than fits into every test run. */
const seconds = Number(process.env.C1M_SOAK_SECONDS ?? 15)

/** Reads the heap after garbage collection, in bytes. Addon objects are finalized some turns of the event loop later. */
const defineHeap = `
  const heap = async () => {
    for (let i = 0; i < 10; i++) {
      gc()
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return process.memoryUsage().heapUsed
  }`

/** Noise of a heap that no longer grows. */
const noiseBytes = 256 * 1024

it(
  `${seconds} s of hold, listen and watch with snapshots every 10 ms leave the heap as it was`,
  async () => {
    const script = `
      ${defineHeap}
      const server = await c1m.listen({ targets: ['${ownAddress()}:0'] })
      const run = c1m.dial({ targets: server.targets, connections: 100, holdMs: 86_400_000, sample: 10 })
      const watching = await c1m.watch({ targets: server.targets, everyMs: 10 })
      const taken = { dial: 0, listen: 0, watch: 0 }
      const follow = async (name, snapshots) => { for await (const _ of snapshots) taken[name]++ }
      const following = [
        follow('dial', run.snapshots({ everyMs: 10 })),
        follow('listen', server.snapshots({ everyMs: 10 })),
        follow('watch', watching.snapshots())
      ]
      const least = async () => {
        let bytes = Infinity
        for (let i = 0; i < 5; i++) {
          await new Promise((resolve) => setTimeout(resolve, ${(seconds * 1000) / 15}))
          bytes = Math.min(bytes, await heap())
        }
        return bytes
      }
      // Warm-up for compiled code and caches: the series, too, fills until it merges its points.
      await least()
      await least()
      const before = await least()
      const after = await least()
      await Promise.all([run.close(), watching.close()])
      await server.close()
      await Promise.all(following)
      console.log(JSON.stringify({ before, after, taken }))`
    const { before, after, taken } = await resultOf<{
      before: number
      after: number
      taken: Record<string, number>
    }>(script, { nodeOptions: ['--expose-gc'] })
    for (const count of Object.values(taken)) expect(count).toBeGreaterThan(seconds * 5)
    expect(after - before).toBeLessThan(noiseBytes)
  },
  (seconds + 60) * 1000
)

it('a listen() that fails leaves nothing behind, however often it is called', async () => {
  const script = `
    ${defineHeap}
    const server = await c1m.listen({ targets: ['${ownAddress()}:0'] })
    const { signal } = new AbortController()
    const fail = async () => {
      const least = { heap: Infinity, rss: Infinity }
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 1000; i++)
          await c1m.listen({ targets: server.targets, signal, workers: 1 }).then(() => process.exit(9), () => {})
        least.heap = Math.min(least.heap, await heap())
        least.rss = Math.min(least.rss, process.memoryUsage.rss())
      }
      return least
    }
    // Warm-up for compiled code and caches.
    await fail()
    const before = await fail()
    const after = await fail()
    await server.close()
    console.log(JSON.stringify({ heap: after.heap - before.heap, rss: after.rss - before.rss }))`
  const { heap, rss } = await resultOf<Record<string, number>>(script, {
    nodeOptions: ['--expose-gc', '--max-semi-space-size=1']
  })
  expect(heap).toBeLessThan(noiseBytes)
  // Finished runs wait for the garbage collector, which may be late: they must not accumulate.
  expect(rss).toBeLessThan(16 * 2 ** 20)
}, 60_000)

it('listen() and watch() remove their listener from the signal once they are closed', async () => {
  const { signal } = new AbortController()
  const server = await listen({ targets: [`${ownAddress()}:0`], signal })
  const watching = await watch({ targets: server.targets, everyMs: 10, signal })
  expect(getEventListeners(signal, 'abort')).toHaveLength(2)
  await watching.close()
  await server.close()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
