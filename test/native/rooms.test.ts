/** The rooms of the native code: each may include headers of those before it, and there is no way round. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const native = join(import.meta.dirname, '../../native')

/** Every room, from the one that knows nothing of the others to the one that may know them all. */
const rooms = ['net', 'measure', 'space', 'state', 'talk', 'dial', 'accept', 'run', 'binding']

const sources = readdirSync(native, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(cc|h)$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(native, path), 'utf8') }))

/** `engine/dial/dialer.h` is in the room `dial`, `net/fd.h` in `net`. */
function roomOf(path: string): string {
  return path.replace(/^engine\//, '').split('/')[0] ?? ''
}

describe('the rooms of the native code', () => {
  it('hold every file', () => {
    expect(new Set(sources.map(({ path }) => roomOf(path)))).toEqual(new Set(rooms))
  })

  it('include headers of earlier rooms only', () => {
    const includes = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/#include "native\/(.+)"/g)].map(([, header = '']) => ({ path, header }))
    )
    expect(includes.length).toBeGreaterThan(100)
    const backwards = includes.filter(
      ({ path, header }) => rooms.indexOf(roomOf(header)) > rooms.indexOf(roomOf(path))
    )
    expect(backwards).toEqual([])
  })

  it('declare no class of another file', () => {
    const declared = sources.filter(({ text }) => /^(class|struct) \w+;/m.test(text))
    expect(declared.map(({ path }) => path)).toEqual([])
  })
})
