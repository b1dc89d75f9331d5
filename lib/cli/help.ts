/** `--help`, made from the tables. */
import type { Paint } from '../report/text.js'
import { commands } from './commands.js'
import type { CommandSpec, OptionSpec, OptionTable } from './parse_options.js'

/** Wide enough for a sentence, narrow enough for any terminal. */
const width = 80
/** Where the text of an option begins. */
const indent = 30

/** The help of the program itself. */
export function programHelp(paint: Paint, version: string): string {
  const names = Object.keys(commands)
  const column = Math.max(...names.map((name) => name.length)) + 4
  return lines([
    `c1m-native ${version}: opens, holds and explains a million TCP connections`,
    '',
    `${paint('bold', 'Usage:')} c1m-native COMMAND [options]`,
    '',
    paint('bold', 'Commands:'),
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(column)}${summary}`),
    '',
    paint('bold', 'Options:'),
    ...entry('  -h, --help', "this help; after a command, that command's"),
    ...entry('  -V, --version', 'the version')
  ])
}

/** The help of one command. */
export function commandHelp(spec: CommandSpec, paint: Paint): string {
  return lines([
    `${paint('bold', 'Usage:')} c1m-native ${spec.usage}`,
    ...spec.text.flatMap((paragraph) => ['', ...wrap(paragraph, width)]),
    ...spec.sections.flatMap(({ title, options }) => [
      '',
      paint('bold', `${title}:`),
      ...optionLines(options)
    ]),
    '',
    paint('bold', 'Examples:'),
    ...spec.examples.flatMap(({ command, text }) => [
      `  ${command}`,
      ...wrap(text, width - 6).map((line) => `      ${line}`)
    ]),
    '',
    paint('bold', 'Exit codes:'),
    ...spec.exitCodes.flatMap(({ code, text }) => hanging(`  ${String(code).padEnd(5)}`, text, 7))
  ])
}

/** An option as it is typed: `-c, --connections N`. */
export function optionForm({ short, name, value, negatable }: OptionSpec): string {
  const long = `--${negatable ? '[no-]' : ''}${name}`
  return `${short === undefined ? '' : `-${short}, `}${long}${value === undefined ? '' : ` ${value}`}`
}

function optionLines(options: OptionTable): string[] {
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
  return left.length < indent - 1
    ? hanging(left.padEnd(indent), text, indent)
    : [left, ...hanging(' '.repeat(indent), text, indent)]
}

function hanging(first: string, text: string, column: number): string[] {
  return wrap(text, width - column).map((line, index) => (index === 0 ? first : ' '.repeat(column)) + line)
}

function wrap(text: string, columns: number): string[] {
  const wrapped: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      wrapped.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...wrapped, line]
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
