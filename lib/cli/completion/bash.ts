import type { OptionSpec } from '../parse_options.js'
import { type CompletedCommand, forms, optionsOf, programOptions, valueKind } from './completed_command.js'

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const first = [...commands.map(({ name }) => name), ...programOptions.map(({ name }) => `--${name}`)]
  return `# bash completion for c1m-native, made by: c1m-native completion bash
_c1m_native() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words=''
  # bash takes --close=rst for three words.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words='${first.join(' ')}'
  else
    case \${COMP_WORDS[1]} in
${commands.map(branch).join('\n')}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _c1m_native c1m-native
`
}

/** What may follow `prev` in one command. */
function branch({ name, spec }: CompletedCommand): string {
  const options = optionsOf(spec)
  const words = [...(spec.words ?? []), ...options.flatMap(forms).filter((form) => form.startsWith('--'))]
  const cases = [
    ...options
      .filter((option) => valueKind(option) === 'choice')
      .map((option) => `${pattern([option])}) words='${option.choices?.join(' ')}' ;;`),
    ...alternative(
      options,
      'file',
      'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return'
    ),
    ...alternative(options, 'free', 'return'),
    `*) words='${words.join(' ')}' ;;`
  ]
  return `      ${name})
        case $prev in
${cases.map((line) => `          ${line}`).join('\n')}
        esac
        ;;`
}

function alternative(options: readonly OptionSpec[], kind: 'file' | 'free', commands: string): string[] {
  const some = options.filter((option) => valueKind(option) === kind)
  return some.length === 0 ? [] : [`${pattern(some)}) ${commands} ;;`]
}

function pattern(options: readonly OptionSpec[]): string {
  return options.flatMap(forms).join(' | ')
}
