/** Reads files named by the user, up to a limit, without blocking the event loop while a FIFO has no writer. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'

/** With O_NONBLOCK, open(2) of a FIFO does not wait for a writer. O_NOCTTY: a terminal must not become ours. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY

/**
 * Reads at most one byte more than `mostBytes` of a file, so that the caller can see that the file is too long. Thus it
 * never reads a huge or an endless file (/dev/zero) to its end. Waits for a FIFO, a pipe or a terminal until its writers
 * have closed it.
 * @throws the errors of open(2) and read(2), and the signal's reason if it is aborted during the wait
 */
export async function readBounded(path: string, mostBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const fd = openSync(path, flags)
  let stream: Readable | undefined
  try {
    stream = await streamOf(fd)
    return stream ? await readStream(stream, mostBytes, signal) : readFile(fd, mostBytes)
  } finally {
    if (!stream) closeSync(fd)
  }
}

/** A stream that owns the descriptor, for a file that may have to be waited for; undefined for any other. */
async function streamOf(fd: number): Promise<Readable | undefined> {
  const stat = fstatSync(fd)
  if (stat.isFIFO()) {
    const { Socket } = await import('node:net')
    return new Socket({ fd, readable: true, writable: false })
  }
  if (!stat.isCharacterDevice()) return undefined
  const { isatty, ReadStream } = await import('node:tty')
  return isatty(fd) ? new ReadStream(fd) : undefined
}

function readFile(fd: number, mostBytes: number): Buffer {
  // A regular file has a size; others, such as devices and files of /proc, report 0.
  const room = Math.min(mostBytes, Math.max(fstatSync(fd).size, 2 ** 16)) + 1
  let buffer = Buffer.allocUnsafe(room)
  let length = 0
  for (;;) {
    const got = readSync(fd, buffer, length, buffer.length - length, null)
    length += got
    if (got === 0 || length > mostBytes) return buffer.subarray(0, length)
    if (length < buffer.length) continue
    const larger = Buffer.allocUnsafe(Math.min(mostBytes + 1, buffer.length * 2))
    buffer.copy(larger)
    buffer = larger
  }
}

async function readStream(stream: Readable, mostBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const abort = () => stream.destroy(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > mostBytes) break
    }
    return Buffer.concat(chunks).subarray(0, mostBytes + 1)
  } finally {
    signal?.removeEventListener('abort', abort)
    stream.destroy()
  }
}
