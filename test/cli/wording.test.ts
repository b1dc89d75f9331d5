import { describe, expect, it } from 'vitest'
import { C1mError } from '../../lib/base/errors.js'
import { spec as dialSpec } from '../../lib/cli/options/dial.js'
import { inWordsOf } from '../../lib/cli/wording.js'
import { checkAuthorized } from '../../lib/net/targets.js'
import { caught } from '../helpers/caught.js'
import { runCli } from './run_cli.js'

describe('errors of the library name options as they are typed on the command line:', () => {
  it.each([
    [['dial', '-c', '0'], '-c is 0, and must be a whole number from 1 to 2,147,483,647.'],
    [
      ['dial', '--connections', '0'],
      '--connections is 0, and must be a whole number from 1 to 2,147,483,647.'
    ],
    [
      ['dial', '-c=5', '--connections=0'],
      '--connections is 0, and must be a whole number from 1 to 2,147,483,647.'
    ],
    [
      ['dial', '-s', '10.0.0.300', '127.0.0.1:80'],
      "-s '10.0.0.300' is neither an address, nor a range, nor an interface that is up. Write an address, A/len, A-B or the name of an interface."
    ],
    [
      ['dial', '--shard', '3/2'],
      "--shard '3/2' is beyond the last: there are 2. Write K/N: 1/2 here and 2/2 in the other process."
    ],
    [
      ['dial', '--ramp', '5'],
      "--ramp: '5' has '5' where TIME:RATE is expected. Write TIME:RATE pairs, e.g. 0:10k/s,30s:200k/s."
    ],
    [
      ['dial', '--ramp', '0:fast'],
      "--ramp rate: 'fast' is not a rate. Write a rate per second like 500/s, 50k/s or 50k."
    ],
    [
      ['watch', '-p', '90-80'],
      "-p: '90-80' is neither a port, nor a range of ports, nor a service. Write 443, 8100-8119, 80,443 or https."
    ],
    [
      ['dial', '--connect-timeout', '0'],
      '--connect-timeout is 0, and must be a whole number of milliseconds from 1 to 2,147,483,647.'
    ],
    [
      ['dial', '--churn', '--hold', '1s'],
      '--hold and --churn exclude each other: a churn holds nothing. Say how long it lasts with --duration D.'
    ],
    [
      ['dial', '--close-by', 'server'],
      '--close-by server is for churns: the peer of a held connection may close it at any time. Add --churn.'
    ],
    [
      ['dial', '-r', '5', '--ramp', '0:5'],
      '-r and --ramp exclude each other: both say when connections start. Write a constant rate as -r N/s, a changing one as --ramp 0:N/s,TIME:N/s.'
    ],
    [
      ['plan', '--source-ports', '80-9'],
      "--source-ports: '80-9' is reversed: 80 is above 9. Write FIRST-LAST, e.g. 1024-65535."
    ],
    [
      ['doctor', '--role', 'both', '198.51.100.1:80'],
      'with role both, both ends must be on this host, but 198.51.100.1:80 is not. Judge each host for its own end: --role client here, --role server there.'
    ],
    [['listen', '--workers', '2000'], '--workers is 2,000, and must be a whole number from 1 to 1,024.'],
    [
      ['watch', '--every', '1ms'],
      '--every is 1, and must be a whole number of milliseconds from 10 to 2,147,483,647.'
    ]
  ])('%j', async (args, line) => {
    expect(await runCli(args)).toEqual({ code: 2, signal: null, stdout: '', stderr: `c1m-native: ${line}\n` })
  })

  it('the hint for a target that needs consent names --authorized', () => {
    const stranger = { host: '8.8.8.8', address: '8.8.8.8', firstPort: 53, lastPort: 53 }
    const error = caught(() => checkAuthorized([stranger], false)) as C1mError
    expect(inWordsOf(dialSpec, error).hint).toMatch(/ With it, add --authorized\.$/)
    expect(error.hint).toMatch(/ With it, add authorized: true\.$/)
  })

  it('an argument that is no option keeps its name', () => {
    const error = new C1mError('C1M_OPTION_INVALID', (option) => `${option('targets')} is 5`)
    expect(inWordsOf(dialSpec, error).message).toBe('targets is 5')
  })
})

describe('terminal control characters in an argument are escaped, and long arguments are cut:', () => {
  const evil = `\u001b[2J\u202e\n${'x'.repeat(20_000)}`
  it.each([
    [[evil]],
    [[`-${evil}`]],
    [['dial', evil]],
    [['dial', `--${evil}`]],
    [['dial', '-c', evil]],
    [['dial', '--close', evil]],
    [['dial', '--workers', evil]],
    [['dial', `--json=${evil}`]],
    [['dial', '-s', evil]],
    [['dial', '--ramp', evil]],
    [['dial', '--shard', evil]],
    [['dial', '--source-ports', evil]],
    [['dial', '--nat-ports', evil]],
    [['dial', '--send', `\\${evil}`]],
    [['dial', '--send', `@${evil}`]],
    [['dial', '--fail-if', evil]],
    [['dial', '--fail-if', `failed>${evil}`]],
    [['dial', '--out', evil]],
    [['dial', '--out', `/nonexistent/\u001b[2J`]],
    [['listen', evil]],
    [['watch', '-p', evil]],
    [['plan', '--facts', evil]],
    [['plan', '--facts', '/dev/null', '--server-facts', evil]],
    [['lab', evil]],
    [['lab', 'run', evil]],
    [['bench', evil]],
    [['bench', '--only', evil]],
    [['bench', 'compare', evil, evil]],
    [['completion', evil]]
  ])('command line %#', async (args) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^c1m-native: [^\p{Cc}\p{Cf}]+\n$/u)
    expect(stderr.length).toBeLessThan(1500)
  })
})
