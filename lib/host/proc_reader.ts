import { closeSync, openSync, readSync } from 'node:fs'

/** A bound that may be absent: `unlimited` in rlimits, `max` in cgroups. */
export type Limit = number | 'unlimited'

/** Why a fact is unknown: an errno name such as `ENOENT` or `EACCES`, or `malformed` when the text made no sense. */
export type UnknownReason = string

const buffer = Buffer.allocUnsafe(64 * 1024)

/**
 * Reads a whole file of procfs or sysfs. Their size is not known beforehand (stat says 0), so it reads until nothing
 * is left; with one shared buffer and no stat this takes 12 to 15 us a file, half of `readFileSync`.
 * @throws the errno error of open(2) or read(2)
 */
export function readProcText(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    let text = ''
    for (;;) {
      const length = readSync(descriptor, buffer)
      if (length === 0) return text
      text += buffer.toString('latin1', 0, length)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** The errno name of a failed read. */
export function reasonOf(error: unknown): UnknownReason {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable'
}

/** An integer in decimal, as the kernel prints sysctls. Not `Number()`, to which an empty text is 0. */
const integerText = /^-?\d+$/

/** `text` as an integer, or null. Values beyond 2^53, such as a `file-max` of 2^63-1, lose their last digits only. */
export function parseInteger(text: string | undefined): number | null {
  return text !== undefined && integerText.test(text) ? Number(text) : null
}

/**
 * Reads facts below one root. What cannot be read is null, never 0, and the reason is kept in {@link unknown}.
 * One reader serves one gathering.
 */
export class ProcReader {
  /** Reason by path, as the path is on a real host, whatever the root. */
  readonly unknown: Record<string, UnknownReason> = {}
  readonly #root: string
  readonly #mount: string

  /** @param root where the files are; `mount` is where they belong, e.g. `/proc`. */
  constructor(root: string, mount: string, unknown?: Record<string, UnknownReason>) {
    this.#root = root
    this.#mount = mount
    if (unknown) this.unknown = unknown
  }

  /** The text of `path` without surrounding white space, or null. */
  text(path: string): string | null {
    try {
      return readProcText(`${this.#root}/${path}`).trim()
    } catch (error) {
      this.note(path, reasonOf(error))
      return null
    }
  }

  /** The one integer in `path`, or null. */
  integer(path: string): number | null {
    return this.parse(path, parseInteger)
  }

  /** Exactly `count` integers separated by white space, or null. */
  integers(path: string, count: number): number[] | null {
    return this.parse(path, (text) => {
      const values = text.split(/\s+/).map(parseInteger)
      return values.length === count && values.every((value) => value !== null) ? values : null
    })
  }

  /** `path` as understood by `parser`; a null from it is noted as malformed. */
  parse<T>(path: string, parser: (text: string) => T | null): T | null {
    const text = this.text(path)
    if (text === null) return null
    const value = parser(text)
    if (value === null) this.note(path, 'malformed')
    return value
  }

  /** Records why `path` gave no fact, or not all of its facts. */
  note(path: string, reason: UnknownReason) {
    this.unknown[`${this.#mount}/${path}`] = reason
  }
}
