/** Waits that leave no timer and no listener behind. */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** The longest delay of a timer in Node, in milliseconds. */
const maxTimerMs = 2 ** 31 - 1

/** An abort controller for any number of listeners at a time; by default Node warns about more than ten. */
export function newEnd(): AbortController {
  const end = new AbortController()
  setMaxListeners(0, end.signal)
  return end
}

/** Resolves after `ms`, which may exceed the limit of timers, or as soon as `signal` is aborted. Never rejects. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  let leftMs = ms
  // Waits once even for 0 ms, so that a caller in a loop lets other events through.
  do {
    // sleep() rejects only if the signal is aborted.
    await sleep(Math.min(leftMs, maxTimerMs), undefined, { signal }).catch(() => {})
    leftMs -= maxTimerMs
  } while (leftMs > 0 && !signal.aborted)
}

/** Calls `take` about every `everyMs` until `signal` is aborted, and once more at that moment. */
export async function* sampled<T>(everyMs: number, signal: AbortSignal, take: () => T): AsyncGenerator<T> {
  while (!signal.aborted) {
    yield take()
    await delay(everyMs, signal)
  }
  yield take()
}

/** Resolves when `signal` is aborted. Call it once per signal: its listener stays until then. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Resolves like `promise`; if `signal` is aborted first, rejects with its reason. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      abort = () => reject(signal.reason)
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort, { once: true })
      promise.then(resolve, reject)
    })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
