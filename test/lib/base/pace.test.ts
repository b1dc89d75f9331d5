import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { aborted, delay, sampled, unlessAborted } from '../../../lib/base/pace.js'
import { rejection } from '../../helpers/caught.js'

/** A signal that is never aborted. */
const never = new AbortController().signal

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

/** Whether `promise` is settled after everything that is due now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  await new Promise(setImmediate)
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending
}

describe('delay', () => {
  it('lasts as long as requested', async () => {
    const began = performance.now()
    await delay(30, never)
    // A timer of Node counts in whole milliseconds.
    expect(performance.now() - began).toBeGreaterThanOrEqual(29)
  })

  it('may last longer than a single timer can', async () => {
    const end = new AbortController()
    // One timer of so many milliseconds would end at once (TimeoutOverflowWarning).
    const waiting = delay(2 ** 31 + 1000, end.signal)
    await delay(5, never)
    expect(await isSettled(waiting)).toBe(false)
    end.abort()
    await waiting
  })

  it('ends when the signal is aborted', async () => {
    const end = new AbortController()
    const waiting = delay(600_000, end.signal)
    expect(await isSettled(waiting)).toBe(false)
    end.abort()
    await waiting
  })

  it('ends at once when the signal was aborted before', async () => {
    await delay(600_000, AbortSignal.abort())
  })

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController()
    for (let i = 0; i < 20; i++) await delay(0, signal)
    expect(listeners(signal)).toBe(0)
  })

  it('lets other events run even when it lasts no time', async () => {
    let isReached = false
    setTimeout(() => {
      isReached = true
    }, 5)
    while (!isReached) await delay(0, never)
  })
})

describe('sampled', () => {
  it('samples at once, once per period, and once at the end', async () => {
    const end = new AbortController()
    const seen: number[] = []
    let taken = 0
    for await (const sample of sampled(1, end.signal, () => ++taken)) {
      seen.push(sample)
      if (sample === 5) end.abort()
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6])
    expect(listeners(end.signal)).toBe(0)
  })

  it('samples once when the signal was aborted before', async () => {
    const seen: number[] = []
    for await (const sample of sampled(600_000, AbortSignal.abort(), () => 1)) seen.push(sample)
    expect(seen).toEqual([1])
  })

  it('stops sampling when the consumer leaves', async () => {
    let taken = 0
    for await (const _ of sampled(1, never, () => ++taken)) break
    await delay(5, never)
    expect(taken).toBe(1)
  })
})

describe('aborted', () => {
  it('resolves when the signal is aborted, also when it was aborted before', async () => {
    const end = new AbortController()
    const waiting = aborted(end.signal)
    expect(await isSettled(waiting)).toBe(false)
    end.abort()
    await waiting
    await aborted(end.signal)
  })
})

describe('unlessAborted', () => {
  it('resolves like the promise, and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await unlessAborted(Promise.resolve(5), signal)).toBe(5)
    expect(await rejection(unlessAborted(Promise.reject(new Error('failed')), signal))).toMatchObject({
      message: 'failed'
    })
    expect(listeners(signal)).toBe(0)
  })

  it('rejects with the reason of the signal when the signal is aborted first', async () => {
    const end = new AbortController()
    const waiting = unlessAborted(new Promise(() => {}), end.signal)
    end.abort(new Error('enough'))
    expect(await rejection(waiting)).toMatchObject({ message: 'enough' })
    expect(await rejection(unlessAborted(new Promise(() => {}), end.signal))).toMatchObject({
      message: 'enough'
    })
  })
})
