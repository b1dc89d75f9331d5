import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { completed } from '../../../lib/cli/commands/completion.js'
import { commands } from '../../../lib/cli/commands.js'
import { bashCompletion } from '../../../lib/cli/completion/bash.js'
import { forms, optionsOf } from '../../../lib/cli/completion/completed_command.js'

const all = await completed(commands)
const script = bashCompletion(all)

/** The completions bash offers for these words, the last of which is incomplete. */
function offered(...words: string[]): string[] {
  const line = `
    COMP_WORDS=("$@")
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _c1m_native
    ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`
  const input = ['--noprofile', '--norc', '-c', `${script}${line}`, 'bash', 'c1m-native', ...words]
  return execFileSync('bash', input, { encoding: 'utf8', cwd: import.meta.dirname })
    .split('\n')
    .slice(0, -1)
}

describe('completion in bash', () => {
  it('offers the commands', () => {
    expect(offered('')).toEqual([...Object.keys(commands), 'help', 'version', '--help', '--version'])
    expect(offered('di')).toEqual(['dial'])
  })

  it.each(all)('offers the options of $name', ({ name, spec }) => {
    const long = optionsOf(spec)
      .flatMap(forms)
      .filter((form) => form.startsWith('--'))
    expect(offered(name, '--')).toEqual(long)
  })

  it('offers the commands to help', () => {
    expect(offered('help', '')).toEqual(Object.keys(commands))
    expect(offered('version', '')).toEqual([])
  })

  it('offers the values of an option with fixed values', () => {
    expect(offered('dial', '--close', '')).toEqual(['fin', 'rst'])
    expect(offered('dial', '--close', '=')).toEqual(['fin', 'rst'])
    expect(offered('dial', '--close', '=', 'r')).toEqual(['rst'])
  })

  it('offers files for an option that takes a file', () => {
    expect(offered('dial', '--out', 'bash')).toEqual(['bash.test.ts'])
  })

  it('offers nothing for a value that only the user knows', () => {
    expect(offered('dial', '-c', '')).toEqual([])
    expect(offered('dial', '--rate', '-')).toEqual([])
  })

  it('offers the shells after completion', () => {
    expect(offered('completion', 'b')).toEqual(['bash'])
  })

  it('offers nothing after an unknown command', () => {
    expect(offered('dail', '-')).toEqual([])
  })
})
