import type { OptionSpec } from '../parse_options.js'
import { type CompletedCommand, forms, optionsOf, programOptions, valueKind } from './completed_command.js'

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef c1m-native
# zsh completion for c1m-native, made by: c1m-native completion zsh

_c1m_native() {
  local curcontext=$curcontext state line
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  _arguments -C \\
${programOptions.map(({ name, short, text }) => `    '(- *)'{-${short},--${name}}${quoted(`[${text}]`)} \\`).join('\n')}
    '1: :->command' \\
    '*:: :->arguments'
  case $state in
    command) _describe command commands ;;
    arguments)
      case $words[1] in
${commands.map(branch).join('\n')}
      esac
      ;;
  esac
}

# Sourced, or found in fpath as _c1m-native.
if [[ $funcstack[1] == _c1m-native ]]; then
  _c1m_native "$@"
else
  compdef _c1m_native c1m-native
fi
`
}

function branch({ name, spec }: CompletedCommand): string {
  const words = spec.words ? [quoted(`*: :(${spec.words.join(' ')})`)] : []
  const lines = [...optionsOf(spec).flatMap(optionLines), ...words]
  return `        ${name})
          _arguments -s \\
${lines.map((line) => `            ${line}`).join(' \\\n')}
          ;;`
}

/** One line for each form, because a value may follow `--long=` but not `-s=`. */
function optionLines(spec: OptionSpec): string[] {
  const all = forms(spec)
  // A repeatable option stays on offer; any other goes with all of its forms.
  const prefix = spec.repeatable ? '*' : `(${all.join(' ')})`
  return all.map((form) => {
    const suffix = spec.type === 'flag' ? '' : form.startsWith('--') ? '=' : '+'
    return quoted(`${prefix}${form}${suffix}[${escaped(spec.text)}]${action(spec)}`)
  })
}

function action(spec: OptionSpec): string {
  switch (valueKind(spec)) {
    case 'none':
      return ''
    case 'choice':
      return `:${escaped(spec.value ?? '')}:(${spec.choices?.join(' ')})`
    case 'file':
      return `:${escaped(spec.value ?? '')}:_files`
    case 'free':
      return `:${escaped(spec.value ?? '')}: `
  }
}

/** Brackets end a description, and colons what comes before an action. */
function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
