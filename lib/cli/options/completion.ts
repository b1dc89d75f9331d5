/** `completion` as its command line and its help see it. Pure data. */
import type { CommandSpec } from '../parse_options.js'
import { outputOptions } from './output.js'

export const shells = ['bash', 'zsh', 'fish'] as const

export const allCompletionOptions = { help: outputOptions.help } as const

export const spec: CommandSpec = {
  usage: 'completion bash|zsh|fish',
  words: shells,
  text: ['Prints a script that completes commands, options and their values in a shell.'],
  sections: [{ title: 'Options', options: allCompletionOptions }],
  examples: [
    { command: 'source <(c1m-native completion bash)', text: 'in ~/.bashrc' },
    {
      command: 'c1m-native completion zsh > /usr/local/share/zsh/site-functions/_c1m-native',
      text: 'once; zsh finds it from then on'
    },
    {
      command: 'c1m-native completion fish > ~/.config/fish/completions/c1m-native.fish',
      text: 'once; fish finds it from then on'
    }
  ],
  exitCodes: [
    { code: 0, text: 'the script was printed' },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: no such shell' }
  ]
}
