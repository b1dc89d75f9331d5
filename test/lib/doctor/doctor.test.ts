import { describe, expect, it } from 'vitest'
import { type DoctorOptions, doctor, revertDoctor } from '../../../lib/doctor/doctor.js'
import { FakeHost, untuned } from './fake_host.js'

const goal: DoctorOptions = { connections: 1_000_000, role: 'server' }
const ids = ({ findings }: Awaited<ReturnType<typeof doctor>>) => findings.map(({ id }) => id)

describe('doctor on a host that tracks connections with old defaults', () => {
  it('names the limit that is reached first, and the namespace of each setting', async () => {
    const host = new FakeHost()
    const report = await doctor(goal, host.places)
    expect(report).toMatchObject({
      schema: 'c1m-native/doctor@1',
      fits: false,
      goal: { connections: 1_000_000, role: 'server' },
      application: null,
      settings: [
        {
          name: 'net.netfilter.nf_conntrack_max',
          current: '65536',
          wanted: '2097152',
          scope: 'initial-namespace',
          lifts: ['conntrack-table-full']
        },
        {
          name: 'net.netfilter.nf_conntrack_buckets',
          current: '16384',
          wanted: '1048576',
          lifts: ['conntrack-table-full', 'conntrack-chain-too-long']
        }
      ]
    })
    expect(ids(report)).toEqual(['conntrack-table-full', 'conntrack-chain-too-long'])
    expect(report.findings.map(({ side }) => side)).toEqual(['server', 'server'])
    expect(report.findings[0]?.steps[1]).toEqual({
      command: 'sysctl -w net.netfilter.nf_conntrack_max=2097152',
      scope: 'initial-namespace',
      blocked: null
    })
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
    expect(host.values()).toMatchObject({ 'net.netfilter.nf_conntrack_max': '65536' })
  })

  it('finds that the goal fits after apply, and the old values after revert, any number of times', async () => {
    const host = new FakeHost()
    const before = host.values()
    const first = await doctor({ ...goal, apply: true }, host.places)
    expect(first).toMatchObject({ fits: true, findings: [], settings: [] })
    expect(first.application?.applied).toEqual([
      { name: 'net.netfilter.nf_conntrack_max', from: '65536', to: '2097152' },
      { name: 'net.netfilter.nf_conntrack_buckets', from: '16384', to: '1048576' }
    ])
    const tuned = host.values()
    expect(tuned['net.core.somaxconn']).toBe('128')

    const again = await doctor({ ...goal, apply: true }, host.places)
    expect(again.application?.applied).toEqual([])
    expect(host.values()).toEqual(tuned)

    expect(revertDoctor(host.places).restored).toHaveLength(2)
    expect(host.values()).toEqual(before)
    expect(revertDoctor(host.places)).toMatchObject({ restored: [], revertedAt: expect.any(String) })
    expect(host.values()).toEqual(before)
  })

  it('restores all values after a goal that grew', async () => {
    const host = new FakeHost()
    const before = host.values()
    await doctor({ ...goal, apply: true }, host.places)
    await doctor({ ...goal, connections: 4_000_000, apply: true }, host.places)
    expect(host.get('net.netfilter.nf_conntrack_max')).toBe('8388608')
    revertDoctor(host.places)
    expect(host.values()).toEqual(before)
  })

  it('sets no more than the goal needs', async () => {
    const host = new FakeHost()
    const before = host.values()
    const small = await doctor({ ...goal, connections: 10_000, apply: true }, host.places)
    expect(small).toMatchObject({ fits: true, application: { applied: [], blocked: [] } })
    expect(host.values()).toEqual(before)
    const queue = await doctor({ ...goal, connections: 10_000, rate: 100_000, apply: true }, host.places)
    expect(queue.application?.applied).toEqual([{ name: 'net.core.somaxconn', from: '128', to: '65535' }])
    expect(host.values()).toEqual({ ...before, 'net.core.somaxconn': '65535' })
  })
})

it('doctor says so when this host does not track connections', async () => {
  const host = new FakeHost({ ...untuned, 'net.netfilter.nf_conntrack_count': '0' })
  const report = await doctor(goal, host.places)
  expect(ids(report)).toEqual([])
  expect(report.unknown.join('\n')).toContain('whether a rule of this host tracks connections')
})

it('doctor lists what it cannot know', async () => {
  const { places } = new FakeHost({})
  const { unknown, fits } = await doctor({ role: 'client' }, places)
  expect(fits).toBe(true)
  expect(unknown).toEqual([
    'the kernel release, fs.file-max, available memory of this host: assumed not to be limits',
    'the 4-tuples: name the targets to have them counted'
  ])
})

it('doctor judges this host', async () => {
  const report = await doctor({ connections: 10 })
  expect(report).toMatchObject({ fits: true, settings: [], application: null })
})
