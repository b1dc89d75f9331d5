/** Optional parts of a result: if one fails, the result says so in a sentence and is otherwise complete. */
import { C1mError } from './errors.js'

export class BestEffort {
  /** What could not be read or judged, one sentence each. */
  readonly unavailable: string[] = []

  /** Runs `action`. If it fails, notes that `what` is missing and returns null. */
  async attempt<T>(what: string, action: () => T | Promise<T>): Promise<T | null> {
    try {
      return await action()
    } catch (error) {
      this.note(error, what)
      return null
    }
  }

  /** Notes an error, and `what` is missing because of it unless the message says so. Notes each sentence once. */
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
