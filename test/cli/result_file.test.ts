import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  createReadStream,
  existsSync,
  lstatSync,
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
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { C1mError } from '../../lib/base/errors.js'
import { ResultFile } from '../../lib/cli/result_file.js'
import { caught, rejection } from '../helpers/caught.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('ResultFile', () => {
  it('appears only once it is complete', async () => {
    const path = join(folder, 'result.json')
    const file = ResultFile.check(path)
    expect(existsSync(path)).toBe(false)
    await file.write('{}\n')
    expect(readFileSync(path, 'utf8')).toBe('{}\n')
    expect(readdirSync(folder)).toEqual(['result.json'])
  })

  it('changes nothing before there is a result', () => {
    const path = join(folder, 'result.json')
    writeFileSync(path, 'old')
    ResultFile.check(path)
    ResultFile.check(join(folder, 'other.json'))
    expect(readdirSync(folder)).toEqual(['result.json'])
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  it('ignores a temporary file that a killed run left behind', async () => {
    const path = join(folder, 'result.json')
    writeFileSync(join(folder, `.result.json.${process.pid}.tmp`), 'half')
    await ResultFile.check(path).write('{}')
    expect(readFileSync(path, 'utf8')).toBe('{}')
  })

  it('replaces an existing file and keeps its permissions', async () => {
    const path = join(folder, 'result.json')
    writeFileSync(path, 'a longer old result')
    chmodSync(path, 0o600)
    await ResultFile.check(path).write('new')
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('writes to the target of a link', async () => {
    mkdirSync(join(folder, 'there'))
    writeFileSync(join(folder, 'there', 'real.json'), 'old')
    symlinkSync(join('there', 'real.json'), join(folder, 'link.json'))
    await ResultFile.check(join(folder, 'link.json')).write('new')
    expect(readFileSync(join(folder, 'there', 'real.json'), 'utf8')).toBe('new')
  })

  it('creates the target of a dangling link', async () => {
    symlinkSync('there.json', join(folder, 'first'))
    symlinkSync(join(folder, 'first'), join(folder, 'second'))
    await ResultFile.check(join(folder, 'second')).write('new')
    expect(readFileSync(join(folder, 'there.json'), 'utf8')).toBe('new')
    expect(lstatSync(join(folder, 'second')).isSymbolicLink()).toBe(true)
  })

  it('refuses a circular link', () => {
    symlinkSync('b', join(folder, 'a'))
    symlinkSync('a', join(folder, 'b'))
    expect(caught(() => ResultFile.check(join(folder, 'a')))).toMatchObject({
      code: 'C1M_OUTPUT_FAILED',
      message: expect.stringMatching(/too many symbolic links/)
    })
  })

  it('waits for the reader of a FIFO', async () => {
    const path = join(folder, 'fifo')
    execFileSync('mkfifo', [path])
    const writing = ResultFile.check(path).write('x'.repeat(100_000))
    expect(await text(createReadStream(path))).toHaveLength(100_000)
    await writing
  })

  it('is saved elsewhere when its folder no longer exists', async () => {
    const path = join(folder, 'sub', 'result.json')
    mkdirSync(dirname(path))
    const file = ResultFile.check(path)
    rmSync(dirname(path), { recursive: true })
    const error = (await rejection(file.write('{}'))) as C1mError
    const [, kept = ''] =
      /^cannot write to '.*': no such file or directory; the result is in '(.*)' instead$/.exec(
        error.message
      ) ?? []
    expect(readFileSync(kept, 'utf8')).toBe('{}')
    rmSync(dirname(kept), { recursive: true })
  })

  it('does not replace a device', async () => {
    await ResultFile.check('/dev/null').write('{}')
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
    [
      'a folder that is not there yet',
      () => `${join(folder, 'new')}/`,
      'it is a directory',
      'Name a file in it.'
    ],
    [
      'a file system that takes no files',
      () => '/proc/r.json',
      'no such file or directory',
      'Make the folder first.'
    ],
    [
      'a file in place of a folder',
      () => '/dev/null/r.json',
      'not a directory',
      expect.stringContaining('is a file')
    ]
  ])('refuses %s', (_, path, reason, hint) => {
    expect(caught(() => ResultFile.check(path()))).toMatchObject({
      code: 'C1M_OUTPUT_FAILED',
      message: `cannot write to '${path()}': ${reason}`,
      hint,
      exitCode: 2
    })
  })
})
