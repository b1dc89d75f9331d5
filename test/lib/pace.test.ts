import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { delay, sampled, signalled } from '../../lib/pace.js'

const never = new Promise<never>(() => {})

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Whether `promise` is settled once all that is due has been done. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(
    () => {
      done = true
    },
    () => {
      done = true
    }
  )
  await vi.advanceTimersByTimeAsync(0)
  return done
}

describe('delay', () => {
  it('lasts as long as asked', async () => {
    const waiting = delay(1000, never)
    await vi.advanceTimersByTimeAsync(999)
    expect(await settled(waiting)).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await settled(waiting)).toBe(true)
  })

  it('lasts longer than one timer can', async () => {
    const days = 60 * 24 * 3600 * 1000
    const waiting = delay(days, never)
    await vi.advanceTimersByTimeAsync(days - 1)
    expect(await settled(waiting)).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await settled(waiting)).toBe(true)
  })

  it.each(['resolves', 'rejects'])('ends when the other promise %s, and leaves no timer', async (how) => {
    let end = () => {}
    const ended = new Promise<void>((resolve, reject) => {
      end = how === 'resolves' ? resolve : () => reject(new Error('ended'))
    })
    const waiting = delay(1000, ended)
    end()
    expect(await settled(waiting)).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('of a promise that has ended takes no time', async () => {
    expect(await settled(delay(1000, Promise.resolve()))).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('sampled', () => {
  it('takes one at once, one each period, and one at the end', async () => {
    const end = signalled()
    let taken = 0
    const seen: number[] = []
    const consuming = (async () => {
      for await (const sample of sampled(100, end.promise, () => ++taken)) seen.push(sample)
    })()
    await vi.advanceTimersByTimeAsync(0)
    expect(seen).toEqual([1])
    await vi.advanceTimersByTimeAsync(200)
    expect(seen).toEqual([1, 2, 3])
    end.resolve()
    expect(await settled(consuming)).toBe(true)
    expect(seen).toEqual([1, 2, 3, 4])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends also when what it watches fails', async () => {
    const seen: number[] = []
    for await (const sample of sampled(100, Promise.reject(new Error('failed')), () => 1)) seen.push(sample)
    expect(seen.length).toBeGreaterThan(0)
  })

  it('takes nothing more once the consumer has left', async () => {
    const take = vi.fn(() => 1)
    for await (const _ of sampled(100, never, take)) break
    await vi.advanceTimersByTimeAsync(1000)
    expect(take).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('signalled', () => {
  it('resolves when told, any number of times', async () => {
    const { promise, resolve } = signalled()
    expect(await settled(promise)).toBe(false)
    resolve()
    resolve()
    expect(await settled(promise)).toBe(true)
  })
})
