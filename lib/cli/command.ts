/** What a command of the command line is. */
import type { CommandSpec } from './parse_options.js'

/** What a command needs of the process around it. */
export interface CommandContext {
  /**
   * Aborted by the first SIGINT, SIGTERM or SIGHUP: stop, close, report. A command that never asks for it has nothing to
   * close: then a signal ends the process at once.
   */
  readonly interrupted: AbortSignal
  /** To be called when all is closed: from now on a signal ends the process at once. */
  allClosed(): void
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  readonly spec: () => Promise<CommandSpec>
  /** Runs it with the arguments after its name; gives the exit code. */
  readonly run: (argv: readonly string[], context: CommandContext) => Promise<number>
}
