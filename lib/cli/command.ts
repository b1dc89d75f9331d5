/** What a command of the command line is. */
import type { CommandSpec } from './options.js'

/** What a command needs of the process around it. */
export interface CommandContext {
  /** Aborted by the first SIGINT or SIGTERM: stop, close, report. */
  readonly interrupted: AbortSignal
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  readonly spec: () => Promise<CommandSpec>
  /** Runs it with the arguments after its name; gives the exit code. */
  readonly run: (argv: readonly string[], context: CommandContext) => Promise<number>
}
