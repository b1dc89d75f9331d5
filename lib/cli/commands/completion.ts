/** `c1m-native completion`: a script that completes this command line in a shell. */

import { quote } from '../../base/quote.js'
import type { Command } from '../command.js'
import { bashCompletion } from '../completion/bash.js'
import type { CompletedCommand } from '../completion/completed_command.js'
import { fishCompletion } from '../completion/fish.js'
import { zshCompletion } from '../completion/zsh.js'
import { allCompletionOptions, shells } from '../options/completion.js'
import { parseOptions, usageError } from '../parse_options.js'
import { Stdout } from '../stdout.js'

const scripts: Record<(typeof shells)[number], (commands: readonly CompletedCommand[]) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion
}

export async function run(
  argv: readonly string[],
  commands: Readonly<Record<string, Command>>
): Promise<number> {
  const { positionals } = parseOptions(allCompletionOptions, argv, 'c1m-native completion')
  const [wanted, ...more] = positionals
  const shell = shells.find((name) => name === wanted)
  if (!shell || more.length > 0) {
    const given = positionals.length === 0 ? 'and none was given' : `not ${quote(positionals.join(' '))}`
    throw usageError(`completion needs a shell, ${given}`, `Write one of ${shells.join(', ')}.`)
  }
  await new Stdout().write(scripts[shell](await completed(commands)))
  return 0
}

/** The commands with their tables, and the words that may stand in their place. */
export async function completed(all: Readonly<Record<string, Command>>): Promise<CompletedCommand[]> {
  const entries = Object.entries(all)
  const commands = entries.map(async ([name, { summary, spec }]) => ({ name, summary, spec: await spec() }))
  return [...(await Promise.all(commands)), ...wordsBeside(entries.map(([name]) => name))]
}

function wordsBeside(commands: readonly string[]): CompletedCommand[] {
  const plain = { text: [], sections: [], examples: [], exitCodes: [] }
  return [
    {
      name: 'help',
      summary: 'this help, or that of a command',
      spec: { ...plain, usage: 'help [COMMAND]', words: commands }
    },
    { name: 'version', summary: 'the version', spec: { ...plain, usage: 'version' } }
  ]
}
