import type { OptionSpec } from '../parse_options.js'
import { type CompletedCommand, optionsOf, programOptions, valueKind } from './completed_command.js'

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  return `# fish completion for c1m-native, made by: c1m-native completion fish
complete -c c1m-native -f
${[
  ...programOptions.map(
    ({ name, short, text }) =>
      `complete -c c1m-native -n __fish_use_subcommand -s ${short} -l ${name} -d ${quoted(text)}`
  ),
  ...commands.map(
    ({ name, summary }) => `complete -c c1m-native -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`
  ),
  ...commands.flatMap(commandLines)
].join('\n')}
`
}

function commandLines({ name, spec }: CompletedCommand): string[] {
  const start = `complete -c c1m-native -n '__fish_seen_subcommand_from ${name}'`
  const words = spec.words ? [`${start} -a '${spec.words.join(' ')}'`] : []
  return [
    ...words,
    ...optionsOf(spec)
      .flatMap(optionLines)
      .map((line) => `${start} ${line}`)
  ]
}

function optionLines(spec: OptionSpec): string[] {
  const short = spec.short === undefined ? '' : `-s ${spec.short} `
  const rest = `${value(spec)}-d ${quoted(spec.text)}`
  return [`${short}-l ${spec.name} ${rest}`, ...(spec.negatable ? [`-l no-${spec.name} ${rest}`] : [])]
}

function value(spec: OptionSpec): string {
  switch (valueKind(spec)) {
    case 'none':
      return ''
    case 'choice':
      return `-x -a '${spec.choices?.join(' ')}' `
    case 'file':
      return '-r -F '
    case 'free':
      return '-x '
  }
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
