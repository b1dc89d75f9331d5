import { describe, expect, it } from 'vitest'
import { ownAddress } from '../helpers/loopback.js'
import { small } from '../helpers/native_config.js'
import { resultOf } from '../helpers/node_script.js'

const nodeOptions = ['--expose-gc']

/**
 * Whether `ref` loses its object. Finalizers run between two turns of the event loop; looking at the object keeps it
 * for the rest of the turn, so that is done once, at the end.
 */
const collected = `
  const collected = async (ref) => {
    for (let i = 0; i < 10; i++) {
      await new Promise(setImmediate)
      gc()
    }
    await new Promise(setImmediate)
    return ref.deref() === undefined
  }`

describe('garbage collection', () => {
  it('collects a finished dial without references', async () => {
    const script = `${collected}
      const start = () => {
        const run = c1m.dial({ connections: 100, source: ['${ownAddress()}'] })
        return { ref: new WeakRef(run), over: run.result.then(() => {}) }
      }
      const { ref, over } = start()
      await over
      console.log(await collected(ref))`
    expect(await resultOf(script, { nodeOptions })).toBe(true)
  })

  it('collects the native half of a finished run', async () => {
    const script = `${collected}
      const { createRequire } = await import('node:module')
      const { Run, counterNames } = createRequire(library)('node-gyp-build')(new URL('..', library).pathname)
      const listen = { targets: [{ address: '${ownAddress()}', firstPort: 0, lastPort: 0 }], mode: 'sink', backlog: 1, close: 'fin', socketOptions: [] }
      const start = () => {
        let run
        const over = new Promise((resolve) => {
          run = new Run({ ...${JSON.stringify(small)}, workers: 2, listen }, () => {
            run.join()
            run.snapshot(new Float64Array(counterNames.length))
            resolve()
          })
        })
        run.start()
        run.close()
        return { ref: new WeakRef(run), over }
      }
      const { ref, over } = start()
      await over
      console.log(await collected(ref))`
    expect(await resultOf(script, { nodeOptions })).toBe(true)
  })

  it('does not end a running dial without references', async () => {
    const address = ownAddress()
    const script = `
      const server = await c1m.listen({ targets: ['${address}:0'], workers: 1 })
      await c1m.dial({ targets: server.targets, connections: 500, rate: 2000, source: ['${address}'] }).started
      for await (const { accepted } of server.snapshots({ everyMs: 10 })) {
        gc()
        if (accepted === 500) break
      }
      const { accepted } = await server.close()
      console.log(accepted)`
    expect(await resultOf(script, { nodeOptions })).toBe(500)
  })
})
