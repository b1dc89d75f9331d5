/** The process around a command line. Beside interruption.ts, the only file that touches the end of the process. */
import { exitCodes } from '../base/errors.js'
import { describeFailure } from './failure.js'
import { takeSignals } from './interruption.js'
import { runProgram } from './program.js'

/** Loads nothing: it also tells of what could not be loaded. */
function fail(error: unknown): number {
  const { text, exitCode } = describeFailure(error, process.env.C1M_DEBUG === '1')
  process.stderr.write(text)
  return exitCode
}

// A closed stderr is no reason to stop: the run goes on, and its result goes to stdout.
process.stderr.on('error', () => {})
process.on('uncaughtException', (error) => process.exit(fail(error)))
// Exiting before main() settles is a bug.
process.exitCode = exitCodes.internal
runProgram(process.argv.slice(2), takeSignals())
  .catch(fail)
  .then((exitCode) => {
    process.exitCode = exitCode
  })
