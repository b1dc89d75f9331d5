import { execFileSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBounded } from '../../../lib/base/bounded_file.js'
import { rejection } from '../../helpers/caught.js'

let folder: string
let fifo: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-bounded-'))
  fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
})
afterAll(() => rmSync(folder, { recursive: true }))

const openDescriptors = () => readdirSync('/proc/self/fd').length

describe('readBounded', () => {
  it.each([0, 1, 65_536, 65_537, 300_000])('reads the whole of a file of %i bytes', async (size) => {
    const path = join(folder, 'file')
    const bytes = Buffer.alloc(size, 'c1m')
    writeFileSync(path, bytes)
    expect((await readBounded(path, 2 ** 20)).equals(bytes)).toBe(true)
  })

  it('reads one byte beyond the limit from a longer file', async () => {
    const path = join(folder, 'long')
    writeFileSync(path, Buffer.alloc(1000))
    expect(await readBounded(path, 999)).toHaveLength(1000)
    expect(await readBounded(path, 10)).toHaveLength(11)
  })

  it('reads an endless device up to the limit', async () => {
    expect(await readBounded('/dev/zero', 100_000)).toHaveLength(100_001)
  })

  it('reads a file of /proc, which has no size', async () => {
    expect(`${await readBounded('/proc/self/comm', 100)}`).toMatch(/\n$/)
  })

  it('waits for the writer of a FIFO', async () => {
    const reading = readBounded(fifo, 100_000)
    createWriteStream(fifo).end('x'.repeat(70_000))
    expect(await reading).toHaveLength(70_000)
  })

  it('reads no more than the limit from a FIFO', async () => {
    const reading = readBounded(fifo, 10)
    const writer = createWriteStream(fifo)
    writer.on('error', () => {})
    writer.write('x'.repeat(100))
    expect(await reading).toHaveLength(11)
    writer.destroy()
  })

  it('stops waiting for a FIFO when the signal is aborted', async () => {
    const before = openDescriptors()
    const end = new AbortController()
    const reading = readBounded(fifo, 10, end.signal)
    end.abort(new Error('enough'))
    expect(await rejection(reading)).toMatchObject({ message: 'enough' })
    expect(await rejection(readBounded(fifo, 10, end.signal))).toMatchObject({ message: 'enough' })
    expect(openDescriptors()).toBe(before)
  })

  it('leaves no descriptor open', async () => {
    const before = openDescriptors()
    await readBounded('/proc/self/comm', 100)
    await rejection(readBounded('/proc', 100))
    await rejection(readBounded(join(folder, 'none'), 100))
    expect(openDescriptors()).toBe(before)
  })
})
