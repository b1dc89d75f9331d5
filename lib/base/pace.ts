/** Waiting, without leaving a timer or a listener behind. */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** The longest delay a timer of Node takes, in milliseconds. */
const maxTimerMs = 2 ** 31 - 1

/** An end that any number of waiters may listen for at a time; Node warns of more than ten. */
export function newEnd(): AbortController {
  const end = new AbortController()
  setMaxListeners(0, end.signal)
  return end
}

/** Resolves after `ms`, however long that is, or as soon as `signal` is aborted. Never rejects. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  let leftMs = ms
  // Waits once even when nothing is left, so that a caller in a loop lets other events through.
  do {
    // Rejects only when the signal is aborted.
    await sleep(Math.min(leftMs, maxTimerMs), undefined, { signal }).catch(() => {})
    leftMs -= maxTimerMs
  } while (leftMs > 0 && !signal.aborted)
}

/** Calls `take` about every `everyMs` until `signal` is aborted, and once more then. */
export async function* sampled<T>(everyMs: number, signal: AbortSignal, take: () => T): AsyncGenerator<T> {
  while (!signal.aborted) {
    yield take()
    await delay(everyMs, signal)
  }
  yield take()
}

/** Resolves when `signal` is aborted. To be called once for a signal: it listens until then. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What `promise` resolves to, unless `signal` is aborted first: then rejects with the signal's reason. */
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
