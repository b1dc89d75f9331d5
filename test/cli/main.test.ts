import { describe, expect, it } from 'vitest'
import { commands } from '../../lib/cli/commands.js'
import packageJson from '../../package.json' with { type: 'json' }
import { runCli, runShell } from './run_cli.js'

const names = Object.keys(commands).join(', ')

describe('c1m-native', () => {
  it.each([['--version'], ['-V'], ['-v'], ['version']])(
    '%s prints the version and nothing else',
    async (flag) => {
      expect(await runCli([flag])).toEqual({
        code: 0,
        signal: null,
        stdout: `${packageJson.version}\n`,
        stderr: ''
      })
    }
  )

  it.each([[[]], [['--help']], [['-h']], [['help']], [['help', 'help']]])(
    '%j lists the commands',
    async (args) => {
      const { code, stdout, stderr } = await runCli(args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout.replace(packageJson.version, 'VERSION')).toMatchInlineSnapshot(`
      "c1m-native VERSION: opens, holds and explains a million TCP connections

      Usage: c1m-native COMMAND [options]

      Commands:
        dial        open connections, hold them, report what happened
        listen      accept connections, hold them, report what was accepted
        watch       look at a server from beside it: queues, sockets, counters, drops,
                    causes
        plan        say what a dial will take and what will stop it; sends nothing
        doctor      say what of this host binds first for a goal, and set it
        lab         reproduce an incident in namespaces, diagnose it, fix it, clean up
        bench       measure this engine on this host, beside others
        completion  print a script that completes this command line in a shell

      Options:
        -h, --help, help [COMMAND]  this help, or that of a command
        -v, -V, --version, version  the version
      "
    `)
    }
  )

  it.each([
    ['help', 'dial'],
    ['help', '--no-color', 'dial', '127.0.0.1:80'],
    ['help', 'help', 'dial']
  ])('%j %j prints the help of that command', async (...args) => {
    const { stdout: expected } = await runCli(['dial', '--help'])
    expect(await runCli(args)).toEqual({ code: 0, signal: null, stdout: expected, stderr: '' })
  })

  it('prints its version without an error when nobody reads it', async () => {
    const { code, stderr } = await runShell('exec {gone}> >(exec true); wait $!; $C1M --version >&$gone')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('ends without an error when the reader of its help leaves', async () => {
    const { code, stdout, stderr } = await runShell('$C1M dial --help | head -1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe('Usage: c1m-native dial [options] [TARGET...]\n')
  })

  it.each(['--help', '--version', '-V', 'dial --help', 'completion bash', 'plan --print-facts'])(
    'reports that the output of %s cannot be written',
    async (args) => {
      const { code, stderr } = await runShell(`$C1M ${args} >/dev/full`)
      expect(code).toBe(2)
      expect(stderr).toBe(
        'c1m-native: cannot write to stdout: no space left on device. Make room, or choose another place.\n'
      )
    }
  )

  it('works without stderr', async () => {
    expect(await runShell('$C1M dail 2>&-')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('a wrong command line prints one line with a remedy and exits with 2:', () => {
  it.each([
    [
      ['dail'],
      `unknown command 'dail'. Did you mean dial? The commands are ${names}; see c1m-native --help.`
    ],
    [
      ['help', 'dail'],
      `unknown command 'dail'. Did you mean dial? The commands are ${names}; see c1m-native --help.`
    ],
    [['x'], `unknown command 'x'. The commands are ${names}; see c1m-native --help.`],
    [['constructor'], `unknown command 'constructor'. The commands are ${names}; see c1m-native --help.`],
    [
      ['--json', 'dial'],
      `unknown option --json where a command belongs. Options follow their command, which is one of ${names}.`
    ],
    [
      ['dial', '--conections', '5'],
      'unknown option --conections. Did you mean --connections? See c1m-native dial --help.'
    ],
    [['dial', '-c', 'lots'], "-c: 'lots' is not a count. Write a count like 10000, 250k or 1m."],
    [['dial', '-c'], '-c needs a value. Write -c N.'],
    [['dial', '--hold', '10'], "--hold: '10' has no unit. Write a duration like 500ms, 10s, 2m or 1h30m."],
    [
      ['dial', '--rate', '5/m'],
      "--rate: '5/m' has an unknown unit, '/m'. Write a rate per second like 500/s, 50k/s or 50k."
    ],
    [['dial', '--close', 'abort'], "--close must be fin or rst, not 'abort'. Write --close fin."],
    [['dial', '--workers', 'two'], "--workers must be a whole number, not 'two'. Write --workers N."],
    [
      ['dial', '--json', '--ndjson'],
      '--json and --ndjson exclude each other. Choose one; the last line of --ndjson is what --json prints.'
    ],
    [['dial', '--out', '/tmp'], "cannot write to '/tmp': it is a directory. Name a file in it."],
    [
      ['listen', '--mode', 'drop'],
      "--mode must be sink, echo or close-first, not 'drop'. Write --mode sink."
    ],
    [['listen', '-c', '5'], 'unknown option -c. See c1m-native listen --help.'],
    [
      ['listen', '--duration', '30000h'],
      '--duration is more than 24 days. Leave it out to listen until Ctrl-C.'
    ]
  ])('%j', async (args, line) => {
    expect(await runCli(args)).toEqual({ code: 2, signal: null, stdout: '', stderr: `c1m-native: ${line}\n` })
  })
})
