/** Exit codes of the process. Scripts rely on these numbers. */
export const exitCodes = {
  /** The goal was met. */
  ok: 0,
  /** A bug in c1m-native, or an installation that is incomplete or unusable. */
  internal: 1,
  /** The request is invalid: an option, an argument or a file cannot be used. */
  usage: 2,
  /** A limit of this host stopped the run. */
  hostLimit: 3,
  /** The target refused, did not answer, or has no address or route. */
  target: 4,
  /** The run ended without reaching its goal, or a `--fail-if` condition was met. */
  goal: 5,
  /** Ended by SIGINT, SIGTERM or SIGHUP, after closing and reporting. */
  interrupted: 130
} as const

/** An exit code: one of the numbers in {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Every code of a {@link C1mError}, with the exit code it leads to. `docs/errors.md` explains each. */
export const errorCatalogue = {
  C1M_AUTHORIZATION_REQUIRED: exitCodes.usage,
  C1M_BYTES_INVALID: exitCodes.usage,
  C1M_COUNT_INVALID: exitCodes.usage,
  C1M_DESCRIPTOR_LIMIT: exitCodes.hostLimit,
  C1M_DROPS_UNAVAILABLE: exitCodes.hostLimit,
  C1M_DURATION_INVALID: exitCodes.usage,
  C1M_FACTS_INVALID: exitCodes.usage,
  C1M_FAIL_IF_INVALID: exitCodes.usage,
  C1M_FILE_UNREADABLE: exitCodes.usage,
  C1M_JOURNAL_BUSY: exitCodes.usage,
  C1M_JOURNAL_FAILED: exitCodes.usage,
  C1M_JOURNAL_FOREIGN: exitCodes.usage,
  C1M_JOURNAL_INVALID: exitCodes.usage,
  C1M_JOURNAL_MISSING: exitCodes.usage,
  C1M_LAB_FAILED: exitCodes.hostLimit,
  C1M_LAB_UNAVAILABLE: exitCodes.hostLimit,
  C1M_LISTEN_FAILED: exitCodes.hostLimit,
  C1M_MESSAGE_INVALID: exitCodes.usage,
  C1M_NATIVE_UNAVAILABLE: exitCodes.internal,
  C1M_OPTION_CONFLICT: exitCodes.usage,
  C1M_OPTION_INVALID: exitCodes.usage,
  C1M_OUTPUT_FAILED: exitCodes.usage,
  C1M_RAMP_INVALID: exitCodes.usage,
  C1M_RATE_INVALID: exitCodes.usage,
  C1M_ROUTE_UNKNOWN: exitCodes.target,
  C1M_RUN_FAILED: exitCodes.hostLimit,
  C1M_RUN_OVER: exitCodes.usage,
  C1M_RUN_STOPPED: exitCodes.interrupted,
  C1M_SHARD_INVALID: exitCodes.usage,
  C1M_SOCK_DIAG_UNAVAILABLE: exitCodes.hostLimit,
  C1M_SOURCE_INVALID: exitCodes.usage,
  C1M_SOURCE_NOT_LOCAL: exitCodes.usage,
  C1M_SOURCE_PORTS_INVALID: exitCodes.usage,
  C1M_SYSCTL_FAILED: exitCodes.hostLimit,
  C1M_TARGET_INVALID: exitCodes.usage,
  C1M_TARGET_UNRESOLVED: exitCodes.target,
  C1M_TUPLES_EXHAUSTED: exitCodes.usage,
  C1M_USAGE: exitCodes.usage
} as const satisfies Record<string, ExitCode>

/** A stable error code; match on this, not on the message. */
export type ErrorCode = keyof typeof errorCatalogue

/** Writes an option, with a value if one is given, in the form of the caller: `authorized: true` or `--authorized`. */
export type WriteOption = (option: string, value?: string | true | readonly [string]) => string

/** A text, or a function of one that names options, which the library and the command line write differently. */
export type Wording = string | ((option: WriteOption) => string)

const asInLibrary: WriteOption = (option, value) => {
  if (value === undefined) return option
  if (value === true) return `${option}: true`
  return typeof value === 'string' ? `${option}: '${value}'` : `${option}: ['${value[0]}']`
}

function written(text: Wording, option: WriteOption): string {
  return typeof text === 'string' ? text : text(option)
}

/** Optional details of an error. */
export interface ErrorDetails {
  /** The remedy: what to type or change. */
  hint?: Wording
  /** The underlying error, if there is one. */
  cause?: unknown
}

/** The only error type of this package. `code` is stable; the message is one sentence that names value and reason. */
export class C1mError extends Error {
  override readonly name = 'C1mError'
  /** Stable identifier, explained in `docs/errors.md`. */
  readonly code: ErrorCode
  /** The remedy, if there is one. */
  readonly hint: string | undefined
  /** Exit code of the command line if this error ends it. */
  readonly exitCode: ExitCode
  readonly #message: Wording
  readonly #hint: Wording | undefined

  /** @internal Only this package creates them. */
  constructor(code: ErrorCode, message: Wording, { hint, cause }: ErrorDetails = {}) {
    super(written(message, asInLibrary), cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint === undefined ? undefined : written(hint, asInLibrary)
    this.exitCode = errorCatalogue[code]
    this.#message = message
    this.#hint = hint
  }

  /**
   * The same error with its options written as on the command line.
   * @internal
   */
  reworded(inMessage: WriteOption, inHint: WriteOption): C1mError {
    const error = new C1mError(this.code, written(this.#message, inMessage), {
      ...(this.#hint !== undefined && { hint: written(this.#hint, inHint) }),
      cause: this.cause
    })
    if (this.stack !== undefined) error.stack = this.stack
    return error
  }
}
