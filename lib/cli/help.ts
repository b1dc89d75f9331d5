/** `--help`, made from the tables. */
import { beside, columns, indented, type Paint, page, wrapped } from '../report/layout.js'
import { commands } from './commands.js'
import type { CommandSpec, OptionSpec, OptionSpecs } from './parse_options.js'

/** Wide enough for a sentence, narrow enough for any terminal. */
const width = 80
/** Where the text of an option begins. */
const indent = 30

/** The help of the program itself. */
export function programHelp(paint: Paint, version: string): string {
  const summaries = Object.entries(commands).map(([name, { summary }]) => [name, summary])
  return page([
    `c1m-native ${version}: opens, holds and explains a million TCP connections`,
    '',
    `${paint('bold', 'Usage:')} c1m-native COMMAND [options]`,
    '',
    paint('bold', 'Commands:'),
    ...indented(columns(summaries, { gap: 4 })),
    '',
    paint('bold', 'Options:'),
    ...entry('  -h, --help, help [COMMAND]', 'this help, or that of a command'),
    ...entry('  -v, -V, --version, version', 'the version')
  ])
}

/** The help of one command. */
export function commandHelp(spec: CommandSpec, paint: Paint): string {
  return page([
    `${paint('bold', 'Usage:')} c1m-native ${spec.usage}`,
    ...spec.text.flatMap((paragraph) => ['', ...wrapped(paragraph, width)]),
    ...spec.sections.flatMap(({ title, options }) => [
      '',
      paint('bold', `${title}:`),
      ...optionLines(options)
    ]),
    '',
    paint('bold', 'Examples:'),
    ...spec.examples.flatMap(({ command, text }) => [
      `  ${command}`,
      ...wrapped(text, width - 6).map((line) => `      ${line}`)
    ]),
    '',
    paint('bold', 'Exit codes:'),
    ...spec.exitCodes.flatMap(({ code, text }) => beside(`  ${code}`, text, 7, width))
  ])
}

/** An option as it is typed: `-c, --connections N`. */
export function optionForm({ short, name, value, negatable }: OptionSpec): string {
  const long = `--${negatable ? '[no-]' : ''}${name}`
  return `${short === undefined ? '' : `-${short}, `}${long}${value === undefined ? '' : ` ${value}`}`
}

function optionLines(options: OptionSpecs): string[] {
  return Object.values(options).flatMap((spec) => {
    const notes = [
      ...(spec.repeatable ? ['repeatable'] : []),
      ...(spec.default === undefined ? [] : [`default ${spec.default}`])
    ]
    const text = notes.length === 0 ? spec.text : `${spec.text} (${notes.join('; ')})`
    return entry(`  ${spec.short === undefined ? '    ' : ''}${optionForm(spec)}`, text)
  })
}

function entry(left: string, text: string): string[] {
  return beside(left, text, indent, width)
}
