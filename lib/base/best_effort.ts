/** Parts that a result can do without: a part that fails costs a sentence, never the result. */
import { C1mError } from './errors.js'

export class BestEffort {
  /** What could not be read or judged, a sentence each. */
  readonly unavailable: string[] = []

  /** Does `action`; when it fails, notes that `what` is missing and gives null. */
  async attempt<T>(what: string, action: () => T | Promise<T>): Promise<T | null> {
    try {
      return await action()
    } catch (error) {
      this.note(error, what)
      return null
    }
  }

  /** Notes an error, and what is missing because of it unless its message says so; each sentence once. */
  note(error: unknown, what?: string): void {
    const sentence = what === undefined ? explain(error) : `${what}: ${explain(error)}`
    if (!this.unavailable.includes(sentence)) this.unavailable.push(sentence)
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [line = error.name] = error.message.split('\n')
  return error instanceof C1mError && error.hint !== undefined ? `${line}. ${error.hint}` : line
}
