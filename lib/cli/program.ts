/** argv to command to exit code. */
import { C1mError, exitCodes } from '../base/errors.js'
import type { Paint } from '../report/paint.js'
import type { Command, CommandContext } from './command.js'
import { commands, programWords } from './commands.js'

/** @throws C1mError in words of the command line, for what a command refuses or cannot do */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<number> {
  const [name, ...rest] = argv
  if (name === 'help') return await help(rest)
  if (name === undefined || name === '--help' || name === '-h') return await print(await programHelp())
  const command = await commandNamed(name)
  if (asksForHelp(rest)) return await print(await commandHelp(command, rest))
  try {
    return await command.run(rest, context)
  } catch (error) {
    throw error instanceof C1mError ? await inItsWords(command, error, rest) : error
  }
}

/** `help dial` is `dial --help`. */
async function help(argv: readonly string[]): Promise<number> {
  const name = argv.find((argument) => !argument.startsWith('-') && !programWords.includes(argument))
  return await print(
    name === undefined ? await programHelp() : await commandHelp(await commandNamed(name), argv)
  )
}

async function commandNamed(name: string): Promise<Command> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw await unknownCommand(name)
  return command
}

async function inItsWords(command: Command, error: C1mError, argv: readonly string[]): Promise<C1mError> {
  try {
    const { inWordsOf } = await import('./wording.js')
    return inWordsOf(await command.spec(), error, argv)
  } catch {
    // Nothing can be loaded, e.g. without a descriptor left: the library's words will do.
    return error
  }
}

/** Also true where other options are wrong: that is when help is needed. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).some((argument) => argument === '--help' || argument === '-h')
}

async function programHelp(): Promise<string> {
  const [{ programHelp }, { version }, { paint, width }] = await Promise.all([
    import('./help.js'),
    import('../base/version.js'),
    helpLook([])
  ])
  return programHelp(paint, version, width)
}

async function commandHelp(command: Command, argv: readonly string[]): Promise<string> {
  const [{ commandHelp }, { paint, width }] = await Promise.all([import('./help.js'), helpLook(argv)])
  return commandHelp(await command.spec(), paint, width)
}

async function helpLook(argv: readonly string[]): Promise<{ paint: Paint; width: number }> {
  const { hasColor, painter, widthOf } = await import('./terminal.js')
  const wanted = argv.includes('--no-color') ? false : argv.includes('--color') || undefined
  return { paint: painter(hasColor(process.stdout, wanted)), width: widthOf(process.stdout) }
}

async function unknownCommand(name: string): Promise<Error> {
  const [{ usageError }, { suggestion }, { printable, quote }] = await Promise.all([
    import('./parse_options.js'),
    import('../base/nearest.js'),
    import('../base/quote.js')
  ])
  const names = Object.keys(commands)
  if (name.startsWith('-')) {
    return usageError(
      `unknown option ${printable(name)} where a command belongs`,
      `Options follow their command, which is one of ${names.join(', ')}.`
    )
  }
  const near = suggestion(name, [...names, ...programWords])
  const hint = near === undefined ? '' : `Did you mean ${near}? `
  return usageError(
    `unknown command ${quote(name)}`,
    `${hint}The commands are ${names.join(', ')}; see c1m-native --help.`
  )
}

async function print(text: string): Promise<number> {
  const { Stdout } = await import('./stdout.js')
  await new Stdout().write(text)
  return exitCodes.ok
}
