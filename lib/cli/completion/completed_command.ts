/** The command line as a shell's completion sees it. */
import type { CommandSpec, OptionSpec } from '../parse_options.js'

export interface CompletedCommand {
  readonly name: string
  readonly summary: string
  readonly spec: CommandSpec
}

/** What may be written where a command belongs. */
export const programOptions = [
  { name: 'help', short: 'h', text: 'this help' },
  { name: 'version', short: 'V', text: 'the version' }
] as const

export function optionsOf({ sections }: CommandSpec): OptionSpec[] {
  return sections.flatMap(({ options }) => Object.values(options))
}

/** The long forms of an option, dashes included. */
export function longForms({ name, negatable }: OptionSpec): string[] {
  return negatable ? [`--${name}`, `--no-${name}`] : [`--${name}`]
}

/** All forms of an option, dashes included. */
export function forms(spec: OptionSpec): string[] {
  return [...(spec.short === undefined ? [] : [`-${spec.short}`]), ...longForms(spec)]
}

/** What may follow an option: nothing, one of some words, a file, or what only the user knows. */
export function valueKind({ type, value, choices }: OptionSpec): 'none' | 'choice' | 'file' | 'free' {
  if (type === 'flag') return 'none'
  if (choices) return 'choice'
  return value === 'FILE' ? 'file' : 'free'
}
