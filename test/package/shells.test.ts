/** Files generated for other programs, checked with those programs. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { temporaryFolder } from '../helpers/temporary.js'

const unpacked = inject('unpacked')

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (error) throw error
  return { status, stdout, stderr }
}

const completion = (shell: string) =>
  run(process.execPath, join(unpacked, 'dist/cli/bin.cjs'), 'completion', shell).stdout

describe('completion', () => {
  it('in bash passes shellcheck', () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'c1m-native.bash')
    writeFileSync(file, completion('bash'))
    expect(run('shellcheck', '--shell=bash', file)).toMatchObject({ status: 0, stdout: '' })
  })

  it.each([
    ['c1m-native d', ['dial', 'doctor']],
    ['c1m-native dial --close ', ['fin', 'rst']],
    ['c1m-native dial --close=r', ['--close=rst']],
    ['c1m-native dial --sy', ['--syn-retries']],
    ['c1m-native dial -c ', []],
    ['c1m-native completion ', ['bash', 'fish', 'zsh']],
    ['c1m-native lab run nat-', ['nat-affinity', 'nat-capacity', 'nat-paws']],
    ['c1m-native bench --only fir', ['first-syn']]
  ])('in fish offers completions: %s', (line, expected) => {
    const { stdout, stderr } = run(
      'fish',
      '--no-config',
      '-c',
      `${completion('fish')}\ncomplete -C ${quoted(line)}`
    )
    expect(stderr).toBe('')
    const words = stdout
      .split('\n')
      .slice(0, -1)
      .map((offer) => offer.split('\t')[0])
    expect(words).toEqual(expected)
  })

  it.each([
    ['c1m-native dia', 'c1m-native dial '],
    ['c1m-native dial --syn', 'c1m-native dial --syn-retries='],
    ['c1m-native dial --close=r', 'c1m-native dial --close=rst '],
    ['c1m-native completion z', 'c1m-native completion zsh '],
    ['c1m-native lab run nat-p', 'c1m-native lab run nat-paws ']
  ])('in zsh offers completions: %s', (line, expected) => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, '_c1m-native'), completion('zsh'))
    // A pseudo-terminal in which the line is typed, completed with Tab, and printed with ^X.
    const script = `
      zmodload zsh/zpty
      zpty shell zsh -f
      zpty -w shell "PS1= ; fpath=(${folder.path} $fpath); autoload -Uz compinit && compinit -u -D"
      zpty -w shell "print-line() { print -r -- \\"<\\$BUFFER>\\"; exit }; zle -N print-line; bindkey '^X' print-line; print ready"
      zpty -r shell seen '*ready*ready*'
      zpty -n -w shell ${quoted(line)}$'\\t\\x18'
      zpty -r shell line '*<*>*'
      print -r -- "$line"`
    expect(run('zsh', '-f', '-c', script).stdout).toContain(`<${expected}>`)
  })
})

it('the manual page passes groff without a warning', () => {
  const page = join(unpacked, 'docs/c1m-native.1')
  const { status, stdout, stderr } = run('groff', '-man', '-ww', '-Tascii', '-P-cbou', page)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^C1M-NATIVE\(1\)/)
  expect(stdout).toMatch(/-c, --connections N\n +connections +to +open /)
})

function quoted(text: string): string {
  return `'${text}'`
}
