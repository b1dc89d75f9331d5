/** Waiting, without leaving a timer or a listener behind. */

/** The longest delay a timer of Node takes, in milliseconds. */
const maxTimerMs = 2 ** 31 - 1

/** Resolves after `ms`, however long that is, or as soon as `ended` does. Never rejects. */
export function delay(ms: number, ended: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number) => {
      timer = setTimeout(
        () => (leftMs > maxTimerMs ? wait(leftMs - maxTimerMs) : resolve()),
        Math.min(leftMs, maxTimerMs)
      )
    }
    wait(ms)
    const stop = () => {
      clearTimeout(timer)
      resolve()
    }
    ended.then(stop, stop)
  })
}

/** Calls `take` about every `everyMs` until `ended` resolves, and once more then. */
export async function* sampled<T>(
  everyMs: number,
  ended: Promise<unknown>,
  take: () => T
): AsyncGenerator<T> {
  let over = false
  const end = ended.then(
    () => {
      over = true
    },
    () => {
      over = true
    }
  )
  while (!over) {
    yield take()
    await delay(everyMs, end)
  }
  yield take()
}

/** A promise and the function that resolves it. */
export function signalled(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
