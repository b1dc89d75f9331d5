import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { native } from '../../../lib/engine/native.js'
import { resultOf } from '../../helpers/node_script.js'

const addon = native()

describe('the addon', () => {
  it('is loaded once', () => {
    expect(native()).toBe(addon)
  })

  it('raises the descriptor limit of this process to the hard limit', () => {
    expect(addon.descriptorLimit()).toBeGreaterThan(0)
    const [, soft, hard] =
      /^Max open files +(\S+) +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    expect(soft).toBe(hard)
    expect(addon.descriptorLimit()).toBe(Math.min(Number(hard), 2 ** 31 - 1))
  })

  it('reports whether threads can have their own descriptor tables, without changing any', () => {
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    expect(addon.privateTables()).toBeTypeOf('boolean')
    expect(open()).toBe(before)
  })

  it('reports the missing addon on another platform', async () => {
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
