import { describe, expect, it } from 'vitest'
import type { Foreseen } from '../../../lib/checks/index.js'
import { advice, command, prlimit, type Remedy, sysctl } from '../../../lib/checks/remedy.js'
import { settingsFor, withSteps } from '../../../lib/doctor/steps.js'
import { facts } from '../checks/fixtures.js'
import { FakeHost } from './fake_host.js'

const caller = { isRoot: true, initialUserNamespace: true }
const surroundings = (host = new FakeHost(), capabilities = '0000000000000000') => ({
  facts: facts({ kernel: { capabilities } }),
  caller,
  places: host.places
})

const prediction = (...remedy: Remedy[]): Foreseen => ({
  id: 'conntrack-table-full',
  severity: 'critical',
  side: 'client',
  title: 'full',
  evidence: [],
  remedy,
  bindsAt: 5
})

const settings = (...predictions: Foreseen[]) => settingsFor(predictions, surroundings())

describe('withSteps', () => {
  it('says to which namespace a setting belongs', () => {
    const { steps } = withSteps(
      prediction(
        advice('a word'),
        sysctl('net.core.somaxconn', 65_535),
        sysctl('net.netfilter.nf_conntrack_max', 2_097_152),
        sysctl('fs.file-max', 4_194_304),
        sysctl('net.ipv4.tcp_mem', '1 2 3'),
        command('ip netns add c1m')
      ),
      surroundings()
    )
    expect(steps.map(({ scope }) => scope)).toEqual([
      null,
      'namespace',
      'initial-namespace',
      'host',
      null,
      null
    ])
  })

  it('writes each step as a shell line', () => {
    const { remedy, steps } = withSteps(
      prediction(advice('a word'), sysctl('net.ipv4.tcp_mem', '1 2 3')),
      surroundings()
    )
    expect(remedy).toEqual(['# a word', 'sysctl -w net.ipv4.tcp_mem="1 2 3"'])
    expect(steps.map((step) => step.command)).toEqual(remedy)
  })

  it.each([
    ['0000000000000000', 'needs CAP_SYS_RESOURCE, which this process lacks'],
    ['000001ffffffffff', null]
  ])('says what raising a hard limit needs, with capabilities %s', (capabilities, blocked) => {
    const { steps } = withSteps(prediction(prlimit('$$', 30_720)), surroundings(new FakeHost(), capabilities))
    expect(steps[0]?.blocked?.split(':')[0] ?? null).toBe(blocked)
  })
})

describe('settingsFor', () => {
  const max = (value: number) => sysctl('net.netfilter.nf_conntrack_max', value)

  it('lists the sysctls in order, with their current and their wanted value', () => {
    expect(
      settings(
        prediction(advice('in the initial network namespace:'), max(2_097_152), command('ip netns add c1m'))
      )
    ).toEqual([
      {
        name: 'net.netfilter.nf_conntrack_max',
        current: '65536',
        wanted: '2097152',
        scope: 'initial-namespace',
        lifts: ['conntrack-table-full'],
        blocked: null
      }
    ])
  })

  it('takes the largest of several values', () => {
    const chains = { ...prediction(max(4_194_304)), id: 'conntrack-chain-too-long' as const }
    expect(settings(prediction(max(2_097_152)), chains, prediction(max(1_048_576)))).toMatchObject([
      { current: '65536', wanted: '4194304', lifts: ['conntrack-table-full', 'conntrack-chain-too-long'] }
    ])
  })

  it('never lowers a value that was set higher', () => {
    expect(settings(prediction(max(65_536), max(1000)))).toEqual([])
  })

  it('asks for nothing when a finding is only info', () => {
    expect(settings({ ...prediction(max(2_097_152)), severity: 'info' })).toEqual([])
  })

  it('leaves out steps without effect of their own, and unknown sysctls', () => {
    expect(
      settings(prediction(sysctl('net.ipv4.tcp_child_ehash_entries', 4_194_304), sysctl('kernel.panic', 5)))
    ).toEqual([])
  })

  it('keeps a sysctl that cannot be read or written, with the reason', () => {
    const here = surroundings(new FakeHost({}))
    expect(settingsFor([prediction(max(2_097_152))], here)).toMatchObject([
      { current: null, blocked: 'cannot be set from this network namespace: set it on the host' }
    ])
  })
})
