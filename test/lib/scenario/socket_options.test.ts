import { describe, expect, it } from 'vitest'
import {
  checkDevice,
  chosenSocketOptions,
  nativeSocketOptions,
  socketChecks
} from '../../../lib/scenario/socket_options.js'
import { caught } from '../../helpers/caught.js'

describe('chosenSocketOptions', () => {
  it('leaves options that are not given to the kernel', () => {
    expect(Object.values(chosenSocketOptions({}))).not.toHaveLength(0)
    for (const value of Object.values(chosenSocketOptions({}))) expect(value).toBeNull()
  })

  it('returns only socket options', () => {
    const options = { mark: 1, connections: 5 }
    expect(chosenSocketOptions(options)).toEqual({ ...chosenSocketOptions({}), mark: 1 })
  })
})

describe('nativeSocketOptions', () => {
  it('returns nothing when no option is chosen', () => {
    expect(nativeSocketOptions(chosenSocketOptions({}))).toEqual([])
  })

  it('passes all 32 bits of a mark, in host byte order', () => {
    const [call] = nativeSocketOptions(chosenSocketOptions({ mark: 0xfffffffe }))
    expect(call).toMatchObject({ family: 0, level: 1, name: 36 })
    expect(new Uint32Array(call?.value.buffer as ArrayBuffer)[0]).toBe(0xfffffffe)
  })

  it('sets the idle time and the interval of keepalive to one period, in seconds', () => {
    const calls = nativeSocketOptions(chosenSocketOptions({ keepaliveMs: 30_000 }))
    expect(calls.map(({ level, name, value }) => [level, name, new Int32Array(value.buffer)[0]])).toEqual([
      [1, 9, 1],
      [6, 4, 30],
      [6, 5, 30]
    ])
  })

  it('passes a device by its name', () => {
    const [call] = nativeSocketOptions(chosenSocketOptions({ device: 'eth0' }))
    expect(call).toMatchObject({ family: 0, level: 1, name: 25 })
    expect(new TextDecoder().decode(call?.value)).toBe('eth0')
  })

  it('sets the type of service for the family of the socket', () => {
    const calls = nativeSocketOptions(chosenSocketOptions({ tos: 16 }))
    expect(calls.map(({ family, level, name }) => [family, level, name])).toEqual([
      [2, 0, 1],
      [10, 41, 67]
    ])
  })
})

describe('checkDevice', () => {
  it('accepts a device of this host, and none', () => {
    checkDevice({ device: 'lo' })
    checkDevice({})
  })

  it('refuses a device that this host does not have, and lists those it has', () => {
    expect(caught(() => checkDevice({ device: 'none0' }))).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: "device is 'none0', and this host has no such device",
      hint: expect.stringMatching(/^Its devices are .*\blo\b/)
    })
  })
})

describe('socketChecks', () => {
  it.each<[keyof typeof socketChecks, unknown, string]>([
    ['mark', 2 ** 32, 'mark is 4,294,967,296, and must be a whole number from 0 to 4,294,967,295'],
    ['tos', 256, 'tos is 256, and must be a whole number from 0 to 255'],
    ['rcvbufBytes', 0, 'rcvbufBytes is 0, and must be a whole number of bytes from 1'],
    ['keepaliveMs', 500, 'keepaliveMs is 500, and must be whole seconds: a multiple of 1,000 milliseconds'],
    ['device', 'a/b', "device is 'a/b', and must be the name of a device"],
    ['device', '', "device is '', and must be the name of a device"],
    ['device', 'sixteen-letters-', "device is 'sixteen-letters-', and must be the name of a device"]
  ])('refuses %s %s', (name, value, message) => {
    expect(() => socketChecks[name](name, value)).toThrow(message)
  })
})
