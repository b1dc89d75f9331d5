/** Shows a caller's text in a message: on one line, without control characters for the terminal, and short. */

/** Longest text to show completely, in UTF-16 code units. */
const mostShown = 200

const letters: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Escapes characters that a terminal obeys or hides: control characters, line and paragraph separators, formatting
 * characters such as bidirectional overrides, and lone halves of surrogate pairs.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x100) return letters[character] ?? `\\x${code.toString(16).padStart(2, '0')}`
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** The text with {@link escapeControls}; if it is long, only its beginning and its length. */
export function printable(text: string): string {
  if (text.length <= mostShown) return escapeControls(text)
  return `${escapeControls(text.slice(0, mostShown / 2))}... (${text.length} characters)`
}

/** The text in quotes, like {@link printable}. */
export function quote(text: string): string {
  if (text.length <= mostShown) return `'${escapeControls(text)}'`
  return `'${escapeControls(text.slice(0, mostShown / 2))}...' (${text.length} characters)`
}
