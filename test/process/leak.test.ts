import { describe, expect, it } from 'vitest'
import { expectNoSockets, ownAddress } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'

/** Of this process: open descriptors, threads and resident memory, once what a run leaves to the event loop is done. */
const inUse = `
  const { readdirSync } = await import('node:fs')
  const inUse = () => ({
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length
  })`

describe('many runs in one process', () => {
  it('leave descriptors and threads where they were, before any garbage collection', async () => {
    const source = ownAddress()
    const { before, after } = await resultOf<Record<'before' | 'after', object>>(`
      ${inUse}
      const run = () => c1m.dial({ connections: 100, source: ['${source}'] }).result
      await run()
      const before = inUse()
      for (let i = 0; i < 20; i++) await run()
      console.log(JSON.stringify({ before, after: inUse() }))`)
    expect(after).toEqual(before)
    await expectNoSockets(source)
  })
})
