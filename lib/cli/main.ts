/** argv to command to exit code. Beside interruption.ts, the only file that touches the end of the process. */
import { exitCodes } from '../errors.js'
import type { Paint } from '../report/text.js'
import type { Command, CommandContext } from './command.js'
import { commands } from './commands.js'
import { describeFailure } from './failure.js'
import { takeSignals } from './interruption.js'

async function main(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h') return await print(await programHelp())
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw await unknownCommand(name)
  if (asksForHelp(rest)) return await print(await commandHelp(command, rest))
  return await command.run(rest, context)
}

/** Even among options that are wrong: whoever asks for help needs it. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).some((argument) => argument === '--help' || argument === '-h')
}

async function programHelp(): Promise<string> {
  const [{ programHelp }, { version }, paint] = await Promise.all([
    import('./help.js'),
    import('../version.js'),
    helpPaint([])
  ])
  return programHelp(paint, version)
}

async function commandHelp(command: Command, argv: readonly string[]): Promise<string> {
  const [{ commandHelp }, paint] = await Promise.all([import('./help.js'), helpPaint(argv)])
  return commandHelp(await command.spec(), paint)
}

async function helpPaint(argv: readonly string[]): Promise<Paint> {
  const { hasColor, painter } = await import('./terminal.js')
  const wanted = argv.includes('--no-color') ? false : argv.includes('--color') || undefined
  return painter(hasColor(process.stdout, wanted))
}

async function unknownCommand(name: string): Promise<Error> {
  const [{ usageError }, { suggestion }] = await Promise.all([import('./options.js'), import('./nearest.js')])
  const names = Object.keys(commands)
  if (name.startsWith('-')) {
    return usageError(
      `unknown option ${name} where a command belongs`,
      `Options follow their command, which is one of ${names.join(', ')}.`
    )
  }
  const near = suggestion(name, names)
  const hint = near === undefined ? '' : `Did you mean ${near}? `
  return usageError(
    `unknown command '${name}'`,
    `${hint}The commands are ${names.join(', ')}; see c1m-native --help.`
  )
}

async function print(text: string): Promise<number> {
  const { Stdout } = await import('./output.js')
  await new Stdout().write(text)
  return exitCodes.ok
}

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
main(process.argv.slice(2), takeSignals())
  .catch(fail)
  .then((exitCode) => {
    process.exitCode = exitCode
  })
