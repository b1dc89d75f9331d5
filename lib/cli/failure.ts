/** An error as one sentence on stderr, with its remedy and its exit code. */
import { type C1mError, type ExitCode, exitCodes } from '../base/errors.js'
import { escapeControls } from '../base/quote.js'

export interface Failure {
  readonly text: string
  readonly exitCode: ExitCode
}

/** @param debug C1M_DEBUG=1: the stack as well */
export function describeFailure(error: unknown, debug: boolean): Failure {
  const stack = debug && error instanceof Error ? harmless(`\n${error.stack}${causeOf(error)}`) : ''
  if (isC1mError(error)) {
    const hint = error.hint === undefined ? '' : ` ${oneLine(error.hint)}`
    return { text: `c1m-native: ${oneLine(error.message)}${hint}${stack}\n`, exitCode: error.exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  const report = debug
    ? ''
    : ' This is a bug: please report it with what the same command prints under C1M_DEBUG=1.'
  return {
    text: `c1m-native: internal error: ${oneLine(message)}${report}${stack}\n`,
    exitCode: exitCodes.internal
  }
}

/** By its name: `bench` is bundled like the library, with a class of its own. */
function isC1mError(error: unknown): error is C1mError {
  return error instanceof Error && error.name === ('C1mError' satisfies C1mError['name'])
}

/** The most of a message that is printed, in UTF-16 code units: errors quote briefly, but some come from elsewhere. */
const mostShown = 4000

/** Keeps a sentence on one line: messages of the system and of Node quote text without escaping it. */
function oneLine(text: string): string {
  const shown = escapeControls(text.length > mostShown ? `${text.slice(0, mostShown)}...` : text)
  return /[.!?]$/.test(shown) ? shown : `${shown}.`
}

/** Several lines without anything else that a terminal obeys. */
function harmless(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''
}
