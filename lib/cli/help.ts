/** `--help`, made from the tables. */
import { columns } from '../report/columns.js'
import { indented, page } from '../report/layout.js'
import type { Paint } from '../report/paint.js'
import { beside, wrapped } from '../report/wrap.js'
import { commands } from './commands.js'
import type { CommandSpec, OptionSpec, OptionSpecs } from './parse_options.js'

/** Where the text of an option begins: beside most of them, or below each where the terminal is narrow. */
const indentIn = (width: number) => (width < 72 ? 10 : 30)

/** The help of the program itself. */
export function programHelp(paint: Paint, version: string, width: number): string {
  const summaries = Object.entries(commands).map(([name, { summary }]) => [name, summary])
  return page([
    ...wrapped(`c1m-native ${version}: opens, holds and explains a million TCP connections`, width),
    '',
    `${paint('bold', 'Usage:')} c1m-native COMMAND [options]`,
    '',
    paint('bold', 'Commands:'),
    ...indented(columns(summaries, { width: width - 2, prose: true })),
    '',
    paint('bold', 'Options:'),
    ...entry('  -h, --help, help [COMMAND]', 'this help, or that of a command', width),
    ...entry('  -v, -V, --version, version', 'the version', width)
  ])
}

/** The help of one command. */
export function commandHelp(spec: CommandSpec, paint: Paint, width = 80): string {
  return page([
    ...usage(spec, paint, width),
    ...spec.text.flatMap((paragraph) => ['', ...wrapped(paragraph, width)]),
    ...spec.sections.flatMap(({ title, options }) => [
      '',
      paint('bold', `${title}:`),
      ...optionLines(options, width)
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

/** In lines of its own where it is too long, one for each form. */
function usage({ usage }: CommandSpec, paint: Paint, width: number): string[] {
  const label = 'Usage: '
  const text = `c1m-native ${usage}`
  const lines =
    label.length + text.length <= width ? [text] : usage.split(' | ').map((form) => `c1m-native ${form}`)
  return lines.flatMap((form, i) =>
    wrapped(form, width - label.length, 2).map((line, j) =>
      i + j === 0 ? `${paint('bold', label.trimEnd())} ${line}` : ' '.repeat(label.length) + line
    )
  )
}

function optionLines(options: OptionSpecs, width: number): string[] {
  return Object.values(options).flatMap((spec) => {
    const notes = [
      ...(spec.repeatable ? ['repeatable'] : []),
      ...(spec.default === undefined ? [] : [`default ${spec.default}`])
    ]
    const text = notes.length === 0 ? spec.text : `${spec.text} (${notes.join('; ')})`
    return entry(`  ${spec.short === undefined ? '    ' : ''}${optionForm(spec)}`, text, width)
  })
}

function entry(left: string, text: string, width: number): string[] {
  return beside(left, text, indentIn(width), width)
}
