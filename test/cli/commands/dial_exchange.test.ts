import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../lib/dial/snapshot.js'
import { listen } from '../../../lib/listen/listen.js'
import type { RunResult } from '../../../lib/result/result.js'
import { runCli } from '../run_cli.js'

describe('dial with an exchange', () => {
  it.each([
    [
      'an unknown escape',
      ['--send', 'a\\q'],
      /^c1m-native: --send: '\\q' at character 2 is no escape\. Escapes are /
    ],
    [
      'a missing file',
      ['--send', '@/nonexistent'],
      /^c1m-native: --send: cannot read the file '\/nonexistent': there is none\. /
    ],
    [
      'a folder',
      ['--expect', '@/tmp'],
      /^c1m-native: --expect: cannot read the file '\/tmp': it is a directory\. /
    ],
    ['a period of zero', ['--send', 'a', '--every', '0s', '--hold', '1s'], /^c1m-native: --every is 0, /],
    ['a period without a hold', ['--send', 'a', '--every', '1s'], /--hold D\.\n$/],
    ['a period without a message', ['--every', '1s', '--hold', '1s'], /--send S or --message-size N\.\n$/],
    ['a hold in a churn', ['--churn', '--hold', '1s'], /--duration D\.\n$/],
    [
      '--message-size with --expect-bytes',
      ['--message-size', '1', '--expect-bytes', '2'],
      /^c1m-native: --message-size excludes /
    ],
    [
      'an invalid size',
      ['--message-size', 'big'],
      /^c1m-native: --message-size: 'big' is not a size\. Write /
    ]
  ])('refuses %s in one line', async (_, args, line) => {
    const { code, stdout, stderr } = await runCli(['dial', '-c', '10', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(line)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  it('reports the exchanges with its own echoing listener', async () => {
    const args = [
      '-c',
      '500',
      '--send',
      'PING\\r\\n',
      '--expect',
      'PING',
      '--every',
      '100ms',
      '--hold',
      '400ms'
    ]
    const { code, stdout } = await runCli(['dial', ...args])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^exchange {5}[\d,]+ completed, 0 failed, [\d.]+KiB sent, [\d.]+KiB received$/m)
  })

  it('exits with 5 when the answer never comes, or is another', async () => {
    await using server = await listen({ targets: ['127.0.0.1:0'], mode: 'echo' })
    const args = [
      'dial',
      ...server.targets,
      '-c',
      '50',
      '--send',
      'a',
      '--exchange-timeout',
      '200ms',
      '--json'
    ]
    for (const [expected, code] of [
      ['ab', 'ETIMEDOUT'],
      ['b', 'EBADMSG']
    ] as const) {
      const ended = await runCli([...args, '--expect', expected])
      expect(ended.code).toBe(5)
      expect(JSON.parse(ended.stdout)).toMatchObject({
        errors: [{ phase: 'exchange', code, count: 50 }],
        exchange: { completed: 0, failed: 50 }
      })
    }
  })

  it('refuses an answer that its own echo can never give', async () => {
    expect(await runCli(['dial', '-c', '50', '--send', 'PING', '--expect', '+PONG'])).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr:
        'c1m-native: --expect cannot be met: without a target the listener only echoes, and 5 bytes never come back for 4 bytes sent. Expect at most what is sent, or name a target.\n'
    })
  })

  it('churns for the duration it was given', async () => {
    const args = ['--churn', '-c', '20', '-r', '2k/s', '--message-size', '64B', '--duration', '300ms']
    const ended = await runCli(['dial', ...args, '--ndjson', '--fail-if', 'churn.transactions<100'])
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const parsed = ended.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const [last, result] = parsed.slice(-2) as [Snapshot, RunResult]
    expect(result.churn?.transactions).toBeGreaterThan(100)
    expect(result.scenario).toMatchObject({ churn: true, durationMs: 300 })
    expect(last).toMatchObject({ phase: 'done', transactions: result.churn?.transactions })
  })
})
