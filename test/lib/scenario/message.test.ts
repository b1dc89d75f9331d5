import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatMessage, readMessage } from '../../../lib/scenario/message.js'
import { rejection } from '../../helpers/caught.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-message-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const bytes = async (message: string | Uint8Array) => [...(await readMessage(message, 'send'))]

describe('readMessage', () => {
  it.each<[string, number[]]>([
    ['PING', [80, 73, 78, 71]],
    ['\\r\\n\\t\\0', [13, 10, 9, 0]],
    ['\\\\', [92]],
    ['\\\\n', [92, 110]],
    ['\\x00\\xff\\xFf', [0, 255, 255]],
    ['a\\x41b', [97, 65, 98]],
    ['\\x414', [65, 52]],
    ['\\01', [0, 49]],
    ['é', [0xc3, 0xa9]],
    ['\\xc3\\xa9', [0xc3, 0xa9]],
    ['😀\\n', [0xf0, 0x9f, 0x98, 0x80, 10]],
    ['\r\n', [13, 10]],
    ['a@b', [97, 64, 98]],
    ['\\x40b', [64, 98]]
  ])('reads %j', async (text, expected) => {
    expect(await bytes(text)).toEqual(expected)
  })

  it('accepts bytes unchanged', async () => {
    expect(await bytes(Uint8Array.of(64, 92, 113))).toEqual([64, 92, 113])
  })

  it.each([
    ['\\q', "'\\q' at character 1"],
    ['ab\\', "'\\' at character 3"],
    ['\\x', "'\\x' at character 1"],
    ['\\x4', "'\\x4' at character 1"],
    ['\\x4g!', "'\\x4g' at character 1"],
    ['\\X41', "'\\X' at character 1"],
    ['\\n\\u0041', "'\\u' at character 3"],
    ['\\\n', "'\\\\n' at character 1"]
  ])('refuses %j', async (text, what) => {
    expect(await rejection(readMessage(text, 'send'))).toMatchObject({
      code: 'C1M_MESSAGE_INVALID',
      message: `send: ${what} is no escape`,
      hint: 'Escapes are \\r, \\n, \\t, \\0, \\xNN and, for a backslash itself, \\\\.',
      exitCode: 2
    })
  })

  it('reads a file unchanged', async () => {
    const path = join(folder, 'request')
    writeFileSync(path, 'GET /\\n\r\n')
    expect(Buffer.from(await readMessage(`@${path}`, 'send')).toString()).toBe('GET /\\n\r\n')
  })

  it('reads a pipe', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    execFileSync('bash', ['-c', `(printf piped > ${path}) > /dev/null 2>&1 &`])
    expect(Buffer.from(await readMessage(`@${path}`, 'send')).toString()).toBe('piped')
  })

  it.each([
    ['@/nonexistent/file', "expect: cannot read the file '/nonexistent/file': there is none"],
    ['@/tmp', "expect: cannot read the file '/tmp': it is a directory"],
    ['@', "expect: cannot read the file '': there is none"]
  ])('refuses %s', async (text, message) => {
    expect(await rejection(readMessage(text, 'expect'))).toMatchObject({
      code: 'C1M_FILE_UNREADABLE',
      message,
      hint: 'Name a file after the @; a text that begins with an @ is written \\x40.',
      exitCode: 2
    })
  })

  it.each([
    ['an endless file', '@/dev/zero', "send: the file '/dev/zero' is longer than 1MiB"],
    ['an empty file', '@/dev/null', "send: the file '/dev/null' is empty"],
    ['an empty text', '', 'send is empty'],
    ['a text that is too long', 'a'.repeat(2 ** 20 + 1), 'send is longer than 1MiB']
  ])('refuses %s', async (_, text, message) => {
    expect(await rejection(readMessage(text, 'send'))).toMatchObject({ code: 'C1M_MESSAGE_INVALID', message })
  })

  it('accepts the longest message', async () => {
    expect((await readMessage('a'.repeat(2 ** 20), 'send')).length).toBe(2 ** 20)
  })

  it('refuses values that are neither text nor bytes', async () => {
    expect(await rejection(readMessage(5 as unknown as string, 'send'))).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: 'send is 5, and must be a text or a Uint8Array'
    })
  })
})

describe('formatMessage', () => {
  it('leaves printable ASCII and escapes the rest', () => {
    expect(formatMessage(Buffer.from('GET / \\ ~\r\n\t\0\x7fé'))).toBe(
      'GET / \\\\ ~\\r\\n\\t\\0\\x7f\\xc3\\xa9'
    )
  })

  it('escapes a leading @, which would name a file', () => {
    expect(formatMessage(Buffer.from('@@'))).toBe('\\x40@')
  })

  it('reproduces every byte next to any other', async () => {
    const all = Uint8Array.from({ length: 1024 }, (_, i) => (i * 7 + (i >> 8)) & 255)
    expect(await bytes(formatMessage(all))).toEqual([...all])
    for (let byte = 0; byte < 256; byte++)
      expect(await bytes(formatMessage(Uint8Array.of(byte)))).toEqual([byte])
  })
})
