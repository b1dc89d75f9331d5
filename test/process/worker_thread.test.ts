import { describe, expect, it } from 'vitest'
import { defineInUse } from '../helpers/in_use.js'
import { expectNoSockets, ownAddress } from '../helpers/loopback.js'
import { small } from '../helpers/native_config.js'
import { resultOf } from '../helpers/node_script.js'

/**
 * Defines `startWorker()`, which runs `source` in a worker thread where the library is `c1m`, and gives `message(text)`,
 * which resolves when the worker has posted it, and `exited`, which resolves with its exit code.
 */
function inWorker(source: string): string {
  const body = `
    import { parentPort, workerData } from 'node:worker_threads'
    const c1m = await import(workerData)
    ${source}`
  return `
    const { Worker } = await import('node:worker_threads')
    const startWorker = () => {
      const worker = new Worker(${JSON.stringify(body)}, { eval: true, workerData: library })
      const exited = new Promise((resolve) => worker.once('exit', resolve))
      const message = (text) => new Promise((resolve, reject) => {
        worker.on('message', (posted) => posted === text && resolve()).once('error', reject)
      })
      return { worker, exited, message }
    }`
}

interface Outcome {
  code: number
  before: object
  after: object
}

/** Lets a worker run `source` until it posts 'now', ends it by \`end\`, and compares what the process holds. */
async function outcome(address: string, source: string, end: string): Promise<Outcome> {
  return resultOf(`
    ${defineInUse(address)}
    ${inWorker(source)}
    const attempt = async () => {
      const { worker, exited, message } = startWorker()
      await message('now')
      ${end}
      return exited
    }
    // The first worker and the first run leave some resources in the process permanently.
    await attempt()
    const before = inUse()
    const code = await attempt()
    console.log(JSON.stringify({ code, before, after: inUse() }))`)
}

const ramp = (address: string) => `
  const run = c1m.dial({ connections: 100_000, rate: 20_000, source: ['${address}'] })
  for await (const { established } of run.snapshots({ everyMs: 1 })) if (established > 1000) parentPort.postMessage('now')`

const hold = (address: string) => `
  const run = c1m.dial({ connections: 10_000, holdMs: 600_000, source: ['${address}'] })
  for await (const { phase } of run.snapshots({ everyMs: 1 })) if (phase === 'holding') parentPort.postMessage('now')`

const listen = (address: string) => `
  const server = await c1m.listen({ targets: ['${address}:0'] })
  const run = c1m.dial({ targets: server.targets, connections: 2000, holdMs: 600_000, source: ['${address}'] })
  for await (const { open } of server.snapshots({ everyMs: 1 })) if (open === 2000) parentPort.postMessage('now')`

const start = (address: string) => `
  c1m.dial({ connections: 100_000, source: ['${address}-${address.replace(/\d+$/, '250')}'] })
  parentPort.postMessage('now')`

const census = (address: string) => `
  const run = c1m.dial({ connections: 10_000, holdMs: 600_000, source: ['${address}'] })
  await run.census()
  parentPort.postMessage('now')
  for (;;) await run.census()`

const watch = () => `
  const watching = await c1m.watch({ everyMs: 10, drops: true })
  for await (const _ of watching.snapshots()) parentPort.postMessage('now')`

const call = (address: string) => `
  const { createRequire } = await import('node:module')
  const { Run } = createRequire(workerData)('node-gyp-build')(new URL('..', workerData).pathname)
  const targets = [{ address: '${address}', firstPort: 0, lastPort: 0 }]
  const run = new Run({ ...${JSON.stringify(small)}, listen: { targets, mode: 'sink', backlog: 1, close: 'fin', socketOptions: [] } }, () => {})
  run.start()
  parentPort.postMessage('now')
  for (;;) run.latency('connect')`

describe('a worker thread that is terminated', () => {
  it.each([
    ['in the middle of a ramp', ramp],
    ['while it holds', hold],
    ['while it listens', listen],
    ['when a dial has hardly begun', start],
    ['in the middle of a census', census],
    ['while it watches', watch],
    ['in the middle of a call', call]
  ])('%s leaves nothing behind', async (_, source) => {
    const address = ownAddress()
    const { code, before, after } = await outcome(address, source(address), 'await worker.terminate()')
    expect(code).toBe(1)
    expect(after).toEqual(before)
    expect(before).toMatchObject({ sockets: false })
    await expectNoSockets(address)
  })
})

describe('a worker thread that ends by itself', () => {
  it('by process.exit during a ramp leaves nothing behind', async () => {
    const address = ownAddress()
    const source = `
      const run = c1m.dial({ connections: 100_000, rate: 20_000, source: ['${address}'] })
      for await (const { established } of run.snapshots({ everyMs: 1 })) {
        if (established > 1000) {
          parentPort.postMessage('now')
          process.exit(9)
        }
      }`
    const { code, before, after } = await outcome(address, source, '')
    expect(code).toBe(9)
    expect(after).toEqual(before)
  })

  it('by an uncaught exception during a ramp leaves nothing behind', async () => {
    const address = ownAddress()
    const source = `
      parentPort.once('message', () => { throw new Error('elsewhere') })
      const run = c1m.dial({ connections: 100_000, rate: 20_000, source: ['${address}'] })
      for await (const { established } of run.snapshots({ everyMs: 1 })) {
        if (established > 1000) parentPort.postMessage('now')
      }`
    // Thrown only on request, so that the error can't overtake the message before it.
    const end = "worker.on('error', () => {}).postMessage('throw')"
    const { code, before, after } = await outcome(address, source, end)
    expect(code).toBe(1)
    expect(after).toEqual(before)
  })

  it('with its result leaves nothing behind', async () => {
    const address = ownAddress()
    const source = `
      const { connections } = await c1m.dial({ connections: 2000, source: ['${address}'] }).result
      if (connections.established === 2000) parentPort.postMessage('now')`
    const { code, before, after } = await outcome(address, source, '')
    expect(code).toBe(0)
    expect(after).toEqual(before)
  })
})

describe('several worker threads', () => {
  it('can dial at once, together with the main thread', async () => {
    const addresses = [ownAddress(), ownAddress(), ownAddress()]
    const script = `
      const { Worker } = await import('node:worker_threads')
      const body = \`
        import { parentPort, workerData } from 'node:worker_threads'
        const c1m = await import(workerData.library)
        const { connections } = await c1m.dial({ connections: 2000, source: [workerData.source] }).result
        parentPort.postMessage(connections.established)\`
      const inThread = (source) => new Promise((resolve, reject) => {
        new Worker(body, { eval: true, workerData: { library, source } }).once('message', resolve).once('error', reject)
      })
      const inMain = (source) =>
        c1m.dial({ connections: 2000, source: [source] }).result.then((r) => r.connections.established)
      const [one, two, three] = ${JSON.stringify(addresses)}
      console.log(JSON.stringify(await Promise.all([inThread(one), inThread(two), inMain(three)])))`
    expect(await resultOf(script)).toEqual([2000, 2000, 2000])
  })
})
