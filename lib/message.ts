/** Messages as a person writes them: text with escapes, or the name of a file. */
import { closeSync, openSync, readSync } from 'node:fs'
import { textOrBytes } from './check_option.js'
import { C1mError, type Wording, type WriteOption } from './errors.js'
import { quote } from './quote.js'
import { approximateBytes } from './units.js'

/** Longest message that can be written out, in bytes. It is part of the result. */
const maxMessageBytes = 2 ** 20

/** What a letter after a backslash stands for; `\xNN` is any byte. */
const escapes: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 }

/**
 * The bytes a message stands for: those of a Uint8Array as they are, those of a text in UTF-8 with the escapes
 * `\r \n \t \0 \\ \xNN`, or those of the file it names as `@FILE`.
 * @param name what the message is for, named in errors, e.g. `send`
 * @throws C1mError C1M_MESSAGE_INVALID for an unknown escape, an empty or an overlong message; C1M_FILE_UNREADABLE;
 * C1M_OPTION_INVALID for what is neither text nor bytes
 */
export function readMessage(message: string | Uint8Array, name: string): Uint8Array {
  textOrBytes(name, message)
  const isFile = typeof message === 'string' && message.startsWith('@')
  const bytes = isFile
    ? readFile(message.slice(1), name)
    : typeof message === 'string'
      ? unescaped(message, name)
      : message
  const what = (option: WriteOption) =>
    isFile ? `${option(name)}: the file ${quote(message.slice(1))}` : option(name)
  if (bytes.length === 0)
    throw invalid((option) => `${what(option)} is empty`, 'Leave the option out to say nothing.')
  if (bytes.length > maxMessageBytes) {
    throw invalid(
      (option) => `${what(option)} is longer than ${approximateBytes(maxMessageBytes)}`,
      (option) => `To send so many bytes whatever they are, use ${option('messageSize')}.`
    )
  }
  return bytes
}

/** Writes bytes as a text from which {@link readMessage} makes the same bytes. Printable ASCII is left as it is. */
export function formatMessage(bytes: Uint8Array): string {
  const letters = new Map(Object.entries(escapes).map(([letter, byte]) => [byte, `\\${letter}`]))
  let text = ''
  for (const [i, byte] of bytes.entries()) {
    const plain = byte >= 0x20 && byte < 0x7f && !(i === 0 && byte === 0x40)
    text +=
      letters.get(byte) ?? (plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`)
  }
  return text
}

function unescaped(text: string, name: string): Uint8Array {
  const parts: (string | Uint8Array)[] = []
  let done = 0
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', done)) {
    const [, hex, letter = ''] = /^(?:x([0-9a-fA-F]{2})|([^x]|$))/.exec(text.slice(at + 1)) ?? []
    const byte = hex === undefined ? escapes[letter] : Number.parseInt(hex, 16)
    if (byte === undefined) {
      const wrong = text.slice(at, at + (text[at + 1] === 'x' ? 4 : 2))
      throw invalid(
        (option) => `${option(name)}: ${quote(wrong)} at character ${at + 1} is no escape`,
        'Escapes are \\r, \\n, \\t, \\0, \\xNN and, for a backslash itself, \\\\.'
      )
    }
    parts.push(text.slice(done, at), Uint8Array.of(byte))
    done = at + (hex === undefined ? 2 : 4)
  }
  parts.push(text.slice(done))
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

/** One byte more than may be, so that neither a huge file nor an endless one (/dev/zero) is read to its end. */
function readFile(path: string, name: string): Uint8Array {
  const buffer = Buffer.allocUnsafe(maxMessageBytes + 1)
  let length = 0
  try {
    const fd = openSync(path, 'r')
    try {
      for (let got = -1; got !== 0 && length < buffer.length; length += got) {
        got = readSync(fd, buffer, length, buffer.length - length, null)
      }
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    const reason = { ENOENT: 'there is none', EISDIR: 'it is a directory', EACCES: 'permission denied' }[code]
    throw new C1mError(
      'C1M_FILE_UNREADABLE',
      (option) => `${option(name)}: cannot read the file ${quote(path)}: ${reason ?? code}`,
      { hint: 'Name a file after the @; a text that begins with an @ is written \\x40.', cause }
    )
  }
  return buffer.subarray(0, length)
}

function invalid(message: Wording, hint: Wording): C1mError {
  return new C1mError('C1M_MESSAGE_INVALID', message, { hint })
}
