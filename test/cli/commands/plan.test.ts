import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { fakeRoot } from '../../lib/host/fake_root.js'
import { runCli } from '../run_cli.js'

const incident = fileURLToPath(new URL('../../fixtures/incident-1.json', import.meta.url))
const million = ['plan', '-c', '1m', '192.0.2.120:8100-8119', '-s', '192.0.2.44']

describe('plan', () => {
  it('exits with 0 when it predicts nothing critical', async () => {
    const { code, stdout, stderr } = await runCli(['plan', '-c', '100'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^100 connections to its own listeners: nothing known will stop them/)
  })

  it('exits with 3 when a limit will be exceeded, as in the first incident', async () => {
    const { code, stdout, stderr } = await runCli([...million, '--facts', incident])
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    const unfolded = stdout.replace(/\n {4}(?=\S)/g, ' ')
    const causes = [...unfolded.matchAll(/^critical: .*\((.*)\)$/gm)].map(([, cause]) => cause)
    expect(causes).toEqual([
      'server, conntrack-table-full',
      'server, conntrack-chain-too-long',
      'client, descriptor-limit'
    ])
  })

  it.each([
    [['--facts', '/nowhere.json'], "cannot read the facts file '/nowhere.json': no such file or directory"],
    [['--nat-ports', 'all'], "--nat-ports is 'all', and must be FIRST-LAST"],
    [['--time-wait', '60'], "--time-wait: '60' has no unit"],
    [['--server-facts', incident], `--server-facts: '${incident}' holds the facts of several hosts`],
    [['--ndjson'], 'unknown option --ndjson']
  ])('exits with 2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(['plan', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

it('plan names the invalid field of a facts file', async () => {
  const root = fakeRoot({ 'facts.json': '{"server": {"conntrack": {"max": "65536"}}}' })
  const { code, stderr } = await runCli([...million, '--facts', join(root, 'facts.json')])
  expect(code).toBe(2)
  expect(stderr).toBe(
    'c1m-native: facts: server.conntrack.max is "65536", and must be a whole number. Leave out what is not known, or write null.\n'
  )
})

it('plan prints facts that it can read again, also as facts of the server', async () => {
  const { code, stdout } = await runCli(['plan', '--print-facts'])
  expect(code).toBe(0)
  const path = join(fakeRoot({}), 'facts.json')
  writeFileSync(path, stdout)
  const planned = await runCli(['plan', '192.0.2.120:80', '--server-facts', path, '--facts', path, '--json'])
  expect(JSON.parse(planned.stdout).facts).toEqual({ client: JSON.parse(stdout), server: JSON.parse(stdout) })
})

it('plan prints JSON, and writes it to a file', async () => {
  const path = join(fakeRoot({}), 'plan.json')
  const { code, stdout } = await runCli([...million, '--facts', incident, '--json', '--out', path])
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'c1m-native/plan@1', fits: false })
  const again = await runCli([...million, '--facts', path, '--json'])
  expect(again.stdout).toBe(stdout)
})

it('plan accounts for the NAT of the second incident', async () => {
  const nat = ['--nat-ports', '2048-65535', '--time-wait', '112.5s', '--lvs-timeout', '120s']
  const { stdout } = await runCli(['plan', ...nat, '--facts', incident, '--json'])
  const rates = (text: string) =>
    JSON.parse(text).nat.limits.map(({ perSecond }: { perSecond: number }) => Math.floor(perSecond))
  expect(rates(stdout)).toEqual([529, 564])
  // Three times 529.07 and 564.3.
  const three = await runCli(['plan', ...nat, '--nat-sources', '3', '--facts', incident, '--json'])
  expect(rates(three.stdout)).toEqual([1587, 1693])
  const newer = await runCli(['plan', '--nat-ports', '2048-65535', '--time-wait', '60.5s', '--json'])
  expect(rates(newer.stdout)).toEqual([1049])
})
