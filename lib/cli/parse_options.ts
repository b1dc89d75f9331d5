/**
 * What an option is, and how a command line becomes typed values. The options themselves (options/*.ts) are pure data:
 * parsing, `--help`, and docs/cli.md are made from the same ones.
 */
import { parseArgs } from 'node:util'
import { C1mError } from '../base/errors.js'
import { suggestion } from '../base/nearest.js'
import { printable, quote } from '../base/quote.js'
import { parseBytes, parseCount, parseDurationMs, parseRate } from '../base/units.js'

/** One option of a command. Its key is the name of the value (and of the library's option). */
export interface OptionSpec {
  /** Long name in kebab-case, without the dashes. */
  readonly name: string
  /** One letter, without the dash. */
  readonly short?: string
  readonly type: 'flag' | 'text' | 'choice' | 'integer' | 'bits' | 'count' | 'duration' | 'rate' | 'size'
  /** Placeholder of the value in the help, such as `N`. */
  readonly value?: string
  /** What the value may be. */
  readonly choices?: readonly string[]
  /** The default in words. The library holds the real one. */
  readonly default?: string
  /** The option may be given several times; its value is a list. */
  readonly repeatable?: true
  /** A flag that also has a `--no-` form. */
  readonly negatable?: true
  /** A flag that stands for this value of the library's option. */
  readonly means?: string
  /** What it does, without a full stop. */
  readonly text: string
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** A command as its help shows it. */
export interface CommandSpec {
  /** The command line without the program's name and the options, e.g. `dial [TARGET...]`. */
  readonly usage: string
  /** What an argument may be, when it is one of some words. */
  readonly words?: readonly string[]
  /** A paragraph or more on what it does. */
  readonly text: readonly string[]
  readonly sections: readonly { readonly title: string; readonly options: OptionSpecs }[]
  readonly examples: readonly { readonly command: string; readonly text: string }[]
  /** Exit codes in words. */
  readonly exitCodes: readonly { readonly code: number; readonly text: string }[]
}

type Value<S extends OptionSpec> = S['type'] extends 'flag'
  ? S extends { readonly means: infer Meaning }
    ? Meaning
    : boolean
  : S extends { readonly repeatable: true }
    ? string[]
    : S extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : S['type'] extends 'text'
        ? string
        : number

/** The values of options: counts as numbers, durations in milliseconds, rates per second, sizes in bytes; absent when not given. */
export type OptionValues<T extends OptionSpecs> = { -readonly [K in keyof T]?: Value<T[K]> }

export interface ParsedArguments<T extends OptionSpecs> {
  values: OptionValues<T>
  positionals: string[]
}

/** A mistake on the command line: exit code 2. */
export function usageError(message: string, hint: string): C1mError {
  return new C1mError('C1M_USAGE', message, { hint })
}

/**
 * Reads the `options` in `argv`. `command` is what the remedy tells to ask for help, e.g. `c1m-native dial`.
 * A repeated option that is not repeatable keeps its last value, so that an alias can be overridden.
 * @throws C1mError C1M_USAGE: unknown option, missing or superfluous value, a value that does not parse.
 */
export function parseOptions<const T extends OptionSpecs>(
  options: T,
  argv: readonly string[],
  command: string
): ParsedArguments<T> {
  const byFlag = new Map<string, { key: string; spec: OptionSpec; off: boolean }>()
  for (const [key, spec] of Object.entries(options)) {
    byFlag.set(spec.name, { key, spec, off: false })
    if (spec.negatable) byFlag.set(`no-${spec.name}`, { key, spec, off: true })
  }
  const { tokens, positionals } = tokensOf(options, argv)
  const values: Record<string, unknown> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = byFlag.get(token.name)
    const typed = argv[token.index] ?? ''
    // `-hold 5s` would be read as -h and what follows it.
    const long = /^-(\w[\w-]+)/.exec(typed)?.[1] ?? ''
    if (byFlag.has(long)) throw unknownOption(`-${long}`, [long], command)
    if (token.name === '=') throw withValue(typed.slice(0, typed.indexOf('=')), typed)
    if (!option) throw unknownOption(token.rawName, [...byFlag.keys()], command)
    const { key, spec, off } = option
    if (spec.type === 'flag') {
      if (token.value !== undefined) throw withValue(token.rawName, `=${token.value}`)
      values[key] = spec.means ?? !off
      continue
    }
    const value = required(token, spec, byFlag)
    if (spec.repeatable) values[key] = [...((values[key] as string[] | undefined) ?? []), value]
    else values[key] = convert(value, spec, token.rawName)
  }
  return { values: values as OptionValues<T>, positionals }
}

/** The command line in pieces. Not strict: those errors of Node name neither the nearest option nor a remedy. */
function tokensOf(options: OptionSpecs, argv: readonly string[]) {
  const config: Record<string, { type: 'string' | 'boolean'; short?: string }> = {}
  for (const spec of Object.values(options)) {
    const type = spec.type === 'flag' ? 'boolean' : 'string'
    config[spec.name] = spec.short === undefined ? { type } : { type, short: spec.short }
    if (spec.negatable) config[`no-${spec.name}`] = { type }
  }
  return parseArgs({
    args: [...argv],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true
  })
}

/** The options given, by their long names, as each was typed last: `-c` or `--connections`. */
export function typedNames(options: OptionSpecs, argv: readonly string[]): Map<string, string> {
  const { tokens } = tokensOf(options, argv)
  return new Map(tokens.flatMap((token) => (token.kind === 'option' ? [[token.name, token.rawName]] : [])))
}

function withValue(flag: string, value: string): C1mError {
  const given = value.slice(value.indexOf('=') + 1)
  return usageError(`${flag} takes no value, but got ${quote(given)}`, `Write just ${flag}.`)
}

function required(
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
  spec: OptionSpec,
  known: ReadonlyMap<string, { spec: OptionSpec }>
): string {
  const { rawName } = token
  // The value of -c=10 is 10, as that of --connections=10.
  const hasEquals = token.inlineValue === true && !rawName.startsWith('--') && token.value?.startsWith('=')
  const value = hasEquals ? token.value?.slice(1) : token.value
  const example = `Write ${rawName} ${spec.value ?? 'VALUE'}`
  if (value === undefined || value === '') throw usageError(`${rawName} needs a value`, `${example}.`)
  // `--out --json`: far more often a forgotten value than a file named --json.
  const next = value.replace(/^--?/, '')
  const isOption =
    next !== value && (known.has(next) || [...known.values()].some(({ spec }) => spec.short === next))
  if (isOption && !token.inlineValue) {
    throw usageError(
      `${rawName} needs a value, but the next argument is the option ${printable(value)}`,
      `${example}, or ${rawName}=${printable(value)} if that is the value.`
    )
  }
  return value
}

function convert(value: string, spec: OptionSpec, rawName: string): string | number {
  switch (spec.type) {
    case 'count':
      return parseCount(value, rawName)
    case 'duration':
      return parseDurationMs(value, rawName)
    case 'rate':
      return parseRate(value, rawName)
    case 'size':
      return parseBytes(value, rawName)
    case 'integer':
      if (/^\d[\d,_]*(e\+?\d+)?$/i.test(value)) return parseCount(value, rawName)
      throw usageError(
        `${rawName} must be a whole number, not ${quote(value)}`,
        `Write ${rawName} ${spec.value ?? 'N'}.`
      )
    case 'bits':
      if (/^(\d{1,15}|0x[\da-f]{1,8})$/i.test(value)) return Number(value)
      throw usageError(
        `${rawName} must be a whole number, decimal or 0x and hexadecimal, not ${quote(value)}`,
        `Write ${rawName} 16, or ${rawName} 0x10.`
      )
    case 'choice':
      if (spec.choices?.includes(value)) return value
      throw usageError(
        `${rawName} must be ${spec.choices?.join(', ').replace(/, (?=[^,]*$)/, ' or ')}, not ${quote(value)}`,
        `Write ${rawName} ${spec.choices?.[0]}.`
      )
    default:
      return value
  }
}

function unknownOption(rawName: string, names: readonly string[], command: string): C1mError {
  const near = suggestion(rawName.replace(/^-+/, ''), names)
  const hint =
    near === undefined ? `See ${command} --help.` : `Did you mean --${near}? See ${command} --help.`
  return usageError(`unknown option ${printable(rawName)}`, hint)
}

/** The values of those options that `wanted` has. */
export function pick<W extends OptionSpecs>(values: OptionValues<W>, wanted: W): OptionValues<W> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key in wanted)) as OptionValues<W>
}
