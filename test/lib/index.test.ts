import { expect, it } from 'vitest'
import { resultOf } from '../helpers/node_script.js'

it('loads no addon when it is imported, and loads it for the first run', async () => {
  const loaded = await resultOf(`
    const { readFileSync } = await import('node:fs')
    const addons = () => new Set(readFileSync('/proc/self/maps', 'utf8').match(/[^ ]+\\.node$/gm)).size
    const imported = addons()
    await c1m.dial({ connections: 1 }).result
    console.log(JSON.stringify({ imported, dialed: addons() }))`)
  expect(loaded).toEqual({ imported: 0, dialed: 1 })
})
