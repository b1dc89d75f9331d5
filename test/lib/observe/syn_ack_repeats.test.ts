import { expect, it } from 'vitest'
import { areRepeats, dueRepeats, readRepeats, stillRepeating } from '../../../lib/observe/syn_ack_repeats.js'

it('knows when SYN-ACKs come again: after 1, 3, 7, 15, and 31 seconds, less some slack', () => {
  expect([900, 1500, 3100, 3500, 8000, 16_500, 33_000, 1e6].map(dueRepeats)).toEqual([0, 1, 1, 2, 3, 4, 5, 5])
})

it('tells repeats that go on from those that have stopped', () => {
  expect(readRepeats(0, 10_000)).toBeNull()
  expect(readRepeats(1, 2000)).toBeNull()
  expect(readRepeats(1, 10_000)).toBe('healed')
  expect(readRepeats(2, 10_000)).toBe('healed')
  expect(readRepeats(3, 10_000)).toBe('go on')
  expect(readRepeats(2, 4000)).toBe('go on')
})

it('takes repeats for loss where most have stopped', () => {
  expect(stillRepeating(8, 160)).toBe(0)
  expect(stillRepeating(200, 10)).toBe(200)
})

it('believes in repeats only as far as the kernel has counted them', () => {
  expect(areRepeats(300, 300)).toBe(true)
  expect(areRepeats(300, 100)).toBe(false)
})
