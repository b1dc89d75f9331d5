/** Messages as a person writes them: text with escapes, or the name of a file. */
import { textOrBytes } from '../base/check_option.js'
import { C1mError, type Wording, type WriteOption } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { approximateBytes } from '../base/units.js'

/** Longest message that can be written out, in bytes. It is part of the result. */
const maxMessageBytes = 2 ** 20

/** What a letter after a backslash stands for; `\xNN` is any byte. */
const escapes: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 }

/**
 * The bytes a message stands for: those of a Uint8Array as they are, those of a text in UTF-8 with the escapes
 * `\r \n \t \0 \\ \xNN`, or those of the file it names as `@FILE`.
 * @param name what the message is for, named in errors, e.g. `send`
 * @param signal ends the waiting for a file that is a pipe, with the signal's reason
 * @throws C1mError C1M_MESSAGE_INVALID for an unknown escape, an empty or an overlong message; C1M_FILE_UNREADABLE;
 * C1M_OPTION_INVALID for what is neither text nor bytes
 */
export async function readMessage(
  message: string | Uint8Array,
  name: string,
  signal?: AbortSignal
): Promise<Uint8Array> {
  textOrBytes(name, message)
  const isFile = typeof message === 'string' && message.startsWith('@')
  const bytes = isFile
    ? await readFile(message.slice(1), name, signal)
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

/** How a byte is written. */
function written(byte: number): string {
  const letter = Object.keys(escapes).find((name) => escapes[name] === byte)
  if (letter !== undefined) return `\\${letter}`
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
}

/** Bytes written at a time: a text joined from single bytes takes many times its own memory. */
const pieceBytes = 2 ** 14

/** Writes bytes as a text from which {@link unescaped} makes the same bytes. Printable ASCII is left as it is. */
export function formatMessage(bytes: Uint8Array): string {
  const table = Array.from({ length: 256 }, (_, byte) => written(byte))
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes)
    pieces.push(Array.from(bytes.subarray(at, at + pieceBytes), (byte) => table[byte]).join(''))
  const text = pieces.join('')
  // An @ in front would name a file.
  return text.startsWith('@') ? `\\x40${text.slice(1)}` : text
}

/**
 * The bytes of a text with escapes.
 * @throws C1mError C1M_MESSAGE_INVALID
 */
export function unescaped(text: string, name: string): Uint8Array {
  // No escape is shorter than the byte it stands for.
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text))
  let length = 0
  let done = 0
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', done)) {
    const [, hex, letter = ''] = /^(?:x([0-9a-fA-F]{2})|([^x]|$))/.exec(text.slice(at + 1, at + 4)) ?? []
    const byte = hex === undefined ? escapes[letter] : Number.parseInt(hex, 16)
    if (byte === undefined) {
      const wrong = text.slice(at, at + (text[at + 1] === 'x' ? 4 : 2))
      throw invalid(
        (option) => `${option(name)}: ${quote(wrong)} at character ${at + 1} is no escape`,
        'Escapes are \\r, \\n, \\t, \\0, \\xNN and, for a backslash itself, \\\\.'
      )
    }
    length += bytes.write(text.slice(done, at), length)
    bytes[length++] = byte
    done = at + (hex === undefined ? 2 : 4)
  }
  length += bytes.write(text.slice(done), length)
  return bytes.subarray(0, length)
}

async function readFile(path: string, name: string, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const { readBounded } = await import('../base/bounded_file.js')
    return await readBounded(path, maxMessageBytes, signal)
  } catch (cause) {
    signal?.throwIfAborted()
    const { code = '' } = cause as NodeJS.ErrnoException
    const reason = { ENOENT: 'there is none', EISDIR: 'it is a directory', EACCES: 'permission denied' }[code]
    throw new C1mError(
      'C1M_FILE_UNREADABLE',
      (option) => `${option(name)}: cannot read the file ${quote(path)}: ${reason ?? code}`,
      { hint: 'Name a file after the @; a text that begins with an @ is written \\x40.', cause }
    )
  }
}

function invalid(message: Wording, hint: Wording): C1mError {
  return new C1mError('C1M_MESSAGE_INVALID', message, { hint })
}
