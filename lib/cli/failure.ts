/** An error as one sentence on stderr, with its remedy and its exit code. */
import { type C1mError, type ExitCode, exitCodes } from '../errors.js'

export interface Failure {
  readonly text: string
  readonly exitCode: ExitCode
}

/** @param debug C1M_DEBUG=1: the stack as well */
export function describeFailure(error: unknown, debug: boolean): Failure {
  const stack = debug && error instanceof Error ? `\n${error.stack}${causeOf(error)}` : ''
  if (isC1mError(error)) {
    const hint = error.hint === undefined ? '' : ` ${sentence(error.hint)}`
    return { text: `c1m-native: ${sentence(error.message)}${hint}${stack}\n`, exitCode: error.exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  const report = debug
    ? ''
    : ' This is a bug: please report it with what the same command prints under C1M_DEBUG=1.'
  return {
    text: `c1m-native: internal error: ${sentence(message)}${report}${stack}\n`,
    exitCode: exitCodes.internal
  }
}

/** By its name: `bench` is bundled like the library, with a class of its own. */
function isC1mError(error: unknown): error is C1mError {
  return error instanceof Error && error.name === ('C1mError' satisfies C1mError['name'])
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''
}
