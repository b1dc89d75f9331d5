import { describe, expect, it } from 'vitest'
import * as lib from '../../lib/index.js'
import { ownAddress } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'

describe('the package', () => {
  it('exports its functions and no internals', () => {
    expect(Object.keys(lib).sort()).toMatchInlineSnapshot(`
      [
        "C1mError",
        "DOCTOR_SCHEMA",
        "PLAN_SCHEMA",
        "SCHEMA",
        "WATCH_SCHEMA",
        "dial",
        "doctor",
        "exitCodes",
        "listen",
        "plan",
        "revertDoctor",
        "tcpOptions",
        "tcpStates",
        "watch",
      ]
    `)
  })

  it('loads the addon only with the first run', async () => {
    const script = `
      const hasAddon = () => process.report.getReport().sharedObjects.some((path) => path.endsWith('c1m_native.node'))
      const before = hasAddon()
      await c1m.dial({ connections: 1, source: ['${ownAddress()}'] }).result
      console.log(JSON.stringify({ before, after: hasAddon() }))`
    expect(await resultOf(script)).toEqual({ before: false, after: true })
  })

  it('is found by its name', async () => {
    const script = `console.log(JSON.stringify(await import('c1m-native') === c1m))`
    expect(await resultOf(script)).toBe(true)
  })
})
