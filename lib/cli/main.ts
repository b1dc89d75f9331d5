/** The process around a command line: the only file that touches the signals and the end of the process. */
import { exitCodes } from '../errors.js'
import { describeFailure } from './failure.js'
import { runProgram } from './program.js'

/** npm and npx forward the SIGINT a terminal has already sent to all: the same signal so soon is the same key press. */
const echoMs = 250

/** Loads nothing: it also tells of what could not be loaded. */
function fail(error: unknown): number {
  const { text, exitCode } = describeFailure(error, process.env.C1M_DEBUG === '1')
  process.stderr.write(text)
  return exitCode
}

/** The first signal asks the command to stop, close and report; the second ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  let first: { readonly name: string; readonly atMs: number } | undefined
  const onSignal = (name: string) => {
    const atMs = performance.now()
    if (!first) {
      first = { name, atMs }
      controller.abort()
    } else if (name !== first.name || atMs - first.atMs > echoMs) {
      process.exit(exitCodes.interrupted)
    }
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return controller.signal
}

// A closed stderr is no reason to stop: the run goes on, and its result goes to stdout.
process.stderr.on('error', () => {})
process.on('uncaughtException', (error) => process.exit(fail(error)))
// What would end before it is done has a bug.
process.exitCode = exitCodes.internal
runProgram(process.argv.slice(2), { interrupted: interruption() })
  .catch(fail)
  .then((exitCode) => {
    process.exitCode = exitCode
  })
