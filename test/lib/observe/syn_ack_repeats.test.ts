import { expect, it } from 'vitest'
import { areRepeats, dueRepeats, readRepeats, stillRepeating } from '../../../lib/observe/syn_ack_repeats.js'

it('SYN-ACK repeats are expected after 1, 3, 7, 15 and 31 seconds, less some slack', () => {
  expect([900, 1500, 3100, 3500, 8000, 16_500, 33_000, 1e6].map(dueRepeats)).toEqual([0, 1, 1, 2, 3, 4, 5, 5])
})

it('SYN-ACK repeats that continue are distinguished from those that stopped', () => {
  expect(readRepeats(0, 10_000)).toBeNull()
  expect(readRepeats(1, 2000)).toBeNull()
  expect(readRepeats(1, 10_000)).toBe('healed')
  expect(readRepeats(2, 10_000)).toBe('healed')
  expect(readRepeats(3, 10_000)).toBe('go on')
  expect(readRepeats(2, 4000)).toBe('go on')
})

it('SYN-ACK repeats count as loss when most have stopped', () => {
  expect(stillRepeating(8, 160)).toBe(0)
  expect(stillRepeating(200, 10)).toBe(200)
})

it('SYN-ACK repeats count only up to the number the kernel has counted', () => {
  expect(areRepeats(300, 300)).toBe(true)
  expect(areRepeats(300, 100)).toBe(false)
})
