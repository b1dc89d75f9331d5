import { describe, expect, it } from 'vitest'
import { MovingCounters } from '../../lib/cli/moving_counters.js'

const at = (tSeconds: number, delta: number) => ({
  tSeconds,
  counters: { 'TcpExt.ListenDrops': { delta, perSecond: 0 } }
})

describe('a counter', () => {
  it('leaves the page half a minute after it has come to rest, and returns when it moves', () => {
    const moving = new MovingCounters()
    const shows = (tSeconds: number, delta: number) =>
      Object.keys(moving.of(at(tSeconds, delta))).length === 1
    expect([shows(1, 7), shows(2, 7), shows(20, 7), shows(30.9, 7), shows(31, 7), shows(60, 7)]).toEqual([
      true,
      true,
      true,
      true,
      false,
      false
    ])
    expect([shows(61, 8), shows(90, 8), shows(91, 8)]).toEqual([true, true, true])
    expect(shows(92, 8)).toBe(false)
  })

  it('stays for three looks, however far apart they are', () => {
    const moving = new MovingCounters()
    const shows = [60, 120, 180, 240].map((tSeconds) => Object.keys(moving.of(at(tSeconds, 7))).length === 1)
    expect(shows).toEqual([true, true, true, false])
  })
})
