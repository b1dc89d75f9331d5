/** The rule that holds the order of rooms. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { importsUnder, roomsIn, violations } from '../../scripts/rooms.mjs'
import { temporaryFolder } from '../helpers/temporary.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const rooms = roomsIn(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))

/** The output of the check for a copy of this repository with `files` added. */
function problemsWith(files: Record<string, string>): string[] {
  using folder = temporaryFolder()
  for (const part of ['lib', 'native']) cpSync(join(root, part), join(folder.path, part), { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, path)), { recursive: true })
    writeFileSync(join(folder.path, path), text)
  }
  return violations(rooms, importsUnder(folder.path))
}

describe('the check of imports between rooms', () => {
  it('reads every file of lib/ and native/, and finds no violation', () => {
    const imports = importsUnder(root)
    expect(imports.has('lib/cli/bin.ts')).toBe(true)
    expect(imports.has('native/net/fd.h')).toBe(true)
    expect(violations(rooms, imports)).toEqual([])
  })

  it('rejects an import from a lower room, even of a type', () => {
    expect(
      problemsWith({ 'lib/base/planted.ts': "import type { Check } from '../checks/context.js'\n" })
    ).toEqual([
      'lib/base/planted.ts imports lib/checks/context.ts: lib/checks/ comes after lib/base/ in docs/architecture.md'
    ])
  })

  it('rejects a dynamic import from a lower room', () => {
    expect(
      problemsWith({ 'lib/net/planted.ts': "export const late = () => import('../dial/dial.js')\n" })
    ).toHaveLength(1)
  })

  it('rejects an import between rooms inside a room', () => {
    expect(
      problemsWith({ 'lib/labs/sandbox/planted.ts': "export * from '../runner/list_labs.js'\n" })
    ).toEqual([
      'lib/labs/sandbox/planted.ts imports lib/labs/runner/list_labs.ts: lib/labs/runner/ comes after lib/labs/sandbox/ in docs/architecture.md'
    ])
  })

  it('rejects an include of a header from a lower room', () => {
    expect(problemsWith({ 'native/net/planted.h': '#include "native/binding/convert.h"\n' })).toHaveLength(1)
  })

  it('rejects a file outside of every room', () => {
    expect(problemsWith({ 'lib/planted.ts': 'export {}\n' })).toEqual(['lib/planted.ts is in no room'])
  })

  it('rejects a circular import within a room', () => {
    const files = {
      'lib/base/one.ts': "export type { Two } from './two.js'\n",
      'lib/base/two.ts': "import type { One } from './one.js'\n"
    }
    expect(problemsWith(files)).toEqual(['circle: lib/base/one.ts -> lib/base/two.ts -> lib/base/one.ts'])
  })
})
