import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ResultFile } from '../../lib/cli/output.js'
import { caught } from '../helpers/caught.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('ResultFile', () => {
  it('is there only when it is whole', async () => {
    const path = join(folder, 'result.json')
    const file = ResultFile.open(path)
    expect(existsSync(path)).toBe(false)
    await file.write('{}\n')
    expect(readFileSync(path, 'utf8')).toBe('{}\n')
    expect(readdirSync(folder)).toEqual(['result.json'])
  })

  it('leaves nothing behind when there is no result, and an older one as it was', () => {
    const path = join(folder, 'result.json')
    writeFileSync(path, 'old')
    const file = ResultFile.open(path)
    file.discard()
    file.discard()
    expect(readdirSync(folder)).toEqual(['result.json'])
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  it('replaces a file and keeps who may read it', async () => {
    const path = join(folder, 'result.json')
    writeFileSync(path, 'a longer old result')
    chmodSync(path, 0o600)
    await ResultFile.open(path).write('new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('writes where a link points to', async () => {
    mkdirSync(join(folder, 'there'))
    writeFileSync(join(folder, 'there', 'real.json'), 'old')
    symlinkSync(join('there', 'real.json'), join(folder, 'link.json'))
    await ResultFile.open(join(folder, 'link.json')).write('new')
    expect(readFileSync(join(folder, 'there', 'real.json'), 'utf8')).toBe('new')
  })

  it('does not replace a device', async () => {
    await ResultFile.open('/dev/null').write('{}')
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
  })

  it.each([
    ['a folder', () => folder, 'it is a directory', 'Name a file in it.'],
    [
      'a missing folder',
      () => join(folder, 'no', 'r.json'),
      'no such file or directory',
      'Make the folder first.'
    ],
    ['a file as folder', () => '/dev/null/r.json', 'not a directory', expect.stringContaining('is a file')]
  ])('refuses %s', (_, path, reason, hint) => {
    expect(caught(() => ResultFile.open(path()))).toMatchObject({
      code: 'C1M_OUTPUT_FAILED',
      message: `cannot write to '${path()}': ${reason}`,
      hint,
      exitCode: 2
    })
  })
})
