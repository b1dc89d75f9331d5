import { describe, expect, it } from 'vitest'
import { cpuBetween, readCpu } from '../../../lib/host/cpu_use.js'

/** Keeps this thread busy. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('readCpu', () => {
  it('distinguishes this process from others, and reads how long its threads waited', () => {
    const before = readCpu(true)
    const began = performance.now()
    spin(200)
    const { cpuSeconds, waitedSeconds, otherSeconds } = cpuBetween(before, readCpu(true))
    const passed = (performance.now() - began) / 1000
    // This thread either ran or waited all the time; the scheduler counts the last slice a tick late.
    expect(cpuSeconds + (waitedSeconds ?? 0)).toBeGreaterThan(passed * 0.8)
    expect(otherSeconds).toBeGreaterThanOrEqual(0)
  })

  it('reads only the process time when the others are not requested', () => {
    expect(readCpu(false)).toEqual({
      processSeconds: expect.any(Number),
      waitedSeconds: null,
      busySeconds: null
    })
  })
})

describe('cpuBetween', () => {
  const reading = { processSeconds: 1, waitedSeconds: 2, busySeconds: 10 }

  it('subtracts this process from the total', () => {
    const later = { processSeconds: 4, waitedSeconds: 2.5, busySeconds: 18 }
    expect(cpuBetween(reading, later)).toEqual({ cpuSeconds: 3, waitedSeconds: 0.5, otherSeconds: 5 })
  })

  it('is null for figures missing at one end', () => {
    const later = { processSeconds: 4, waitedSeconds: null, busySeconds: null }
    expect(cpuBetween(reading, later)).toEqual({ cpuSeconds: 3, waitedSeconds: null, otherSeconds: null })
  })

  it('is never negative, though threads that end take their waiting time along', () => {
    const later = { processSeconds: 1, waitedSeconds: 1, busySeconds: 10 }
    expect(cpuBetween(reading, later)).toEqual({ cpuSeconds: 0, waitedSeconds: 0, otherSeconds: 0 })
  })
})
