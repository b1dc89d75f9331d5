import { describe, expect, it } from 'vitest'
import { type DoctorOptions, doctor } from '../../../lib/doctor/doctor.js'
import type { Reversion } from '../../../lib/doctor/revert.js'
import { doctorReport, reversionReport } from '../../../lib/report/doctor_text.js'
import { FakeHost, untuned } from '../doctor/fake_host.js'

const goal: DoctorOptions = {
  connections: 1_000_000,
  rate: 50_000,
  role: 'server',
  targets: ['0.0.0.0:8100-8119']
}
const report = async (options: DoctorOptions = {}, host = new FakeHost()) =>
  doctorReport(await doctor({ ...goal, ...options }, host.places)).replaceAll(
    host.places.stateFolder,
    'STATE'
  )

it('doctorReport says which limit is reached first, how to raise it, and to which namespace it belongs', async () => {
  expect(await report()).toMatchInlineSnapshot(`
    "1,000,000 connections at 50k/s, accepted by this host: 2 limits bind, the first from connection 65,416 on.

    descriptors  1,000,000 of 67,076,096, in up to 1,024 tables of RLIMIT_NOFILE 1,000,000
    open files   1,000 of 1,100,000 on this host
    memory       about 3.73GiB of kernel memory, an unknown amount is available
    conntrack    120 of 65,536 entries, 16,384 buckets
    queues       somaxconn 128, tcp_max_syn_backlog unknown, SYN cookies unknown
    hash         unknown buckets for 1,000,000 sockets

    critical: connection tracking holds 65,536 entries and 1,000,120 are needed: SYNs are dropped from connection 65,416 on (server, conntrack-table-full)
      binds from connection 65,416 on
      net.netfilter.nf_conntrack_max 65,536
      net.netfilter.nf_conntrack_count 120
      needs.conntrackEntries 1,000,000
      remedy: # in the initial network namespace:
      remedy: sysctl -w net.netfilter.nf_conntrack_max=2097152
              the host's, set in the initial network namespace
      remedy: sysctl -w net.netfilter.nf_conntrack_buckets=1048576
              the host's, set in the initial network namespace
      remedy: # or do not track these ports at all:
      remedy: nft add table inet c1m
      remedy: nft 'add chain inet c1m pre { type filter hook prerouting priority raw; }'
      remedy: nft 'add rule inet c1m pre tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m pre tcp sport 8100-8119 notrack'
      remedy: nft 'add chain inet c1m out { type filter hook output priority raw; }'
      remedy: nft 'add rule inet c1m out tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m out tcp sport 8100-8119 notrack'

    critical: 100 % of first SYNs will be dropped: 1,000,120 tracked connections in 16,384 buckets make chains of 122, and this kernel refuses between 50 and 79 (server, conntrack-chain-too-long)
      binds from connection 395,792 on
      net.netfilter.nf_conntrack_buckets 16,384
      conntrack entries now 120
      needs.conntrackEntriesOnHost 1,000,000
      kernel 6.8.0-45-generic
      remedy: # in the initial network namespace:
      remedy: sysctl -w net.netfilter.nf_conntrack_buckets=1048576
              the host's, set in the initial network namespace
      remedy: # or do not track these ports at all:
      remedy: nft add table inet c1m
      remedy: nft 'add chain inet c1m pre { type filter hook prerouting priority raw; }'
      remedy: nft 'add rule inet c1m pre tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m pre tcp sport 8100-8119 notrack'
      remedy: nft 'add chain inet c1m out { type filter hook output priority raw; }'
      remedy: nft 'add rule inet c1m out tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m out tcp sport 8100-8119 notrack'

    warning: an accept queue of 128 is full after 2.56 ms without accept at 50,000/s (server, accept-queue-overflow)
      net.core.somaxconn 128
      needs.ratePerSecond 50,000
      remedy: sysctl -w net.core.somaxconn=65535
              this network namespace's

    not known:
      available memory of this host: assumed not to be a limit
      the RLIMIT_NOFILE of a server other than c1m-native listen, which needs a descriptor for each connection in one process
    "
  `)
})

it('doctorReport lists what was applied', async () => {
  const lines = (await report({ apply: true })).split('\n')
  const at = lines.findIndex((line) => line.startsWith('Applied'))
  expect(lines.slice(at, at + 4)).toEqual([
    'Applied; c1m-native doctor --revert puts it back (STATE/sysctl-journal.json):',
    '  net.netfilter.nf_conntrack_max 65536 -> 2097152',
    '  net.netfilter.nf_conntrack_buckets 16384 -> 1048576',
    '  net.core.somaxconn 128 -> 65535'
  ])
})

it('doctorReport says that nothing had to be applied', async () => {
  expect(await report({ connections: 1000, rate: 100, apply: true })).toContain('\nNothing to apply.\n')
})

it('doctorReport lists what could not be applied', async () => {
  const { 'net.netfilter.nf_conntrack_buckets': _, ...sysctls } = untuned
  const text = await report({ rate: 100, apply: true }, new FakeHost(sysctls))
  expect(text).toContain('  net.netfilter.nf_conntrack_max 65536 -> 2097152\n')
  expect(text).toContain('  net.netfilter.nf_conntrack_buckets stays unknown, 1048576 is needed: ')
})

it('doctorReport says unknown for a host that shows nothing', async () => {
  const text = await report({ role: 'client', targets: [] }, new FakeHost({}))
  expect(text).toContain('open files   unknown of unknown on this host\n')
  expect(text).toContain('conntrack    not loaded, or unknown\n')
  expect(text).toContain('queues       somaxconn unknown, tcp_max_syn_backlog unknown, SYN cookies unknown\n')
})

describe('reversionReport', () => {
  const name = 'net.core.somaxconn'
  const reversion: Reversion = { journal: '/j', restored: [], leftAlone: [], gone: [], revertedAt: null }

  it.each<[Partial<Reversion>, string[]]>([
    [{ restored: [{ name, from: '65535', to: '128' }] }, ['Put back (/j):', `  ${name} 65535 -> 128`]],
    [
      { leftAlone: [{ name, current: '9', applied: '65535', before: '128' }] },
      [
        'Nothing to put back (/j).',
        'Left alone, because somebody else has changed it since:',
        `  ${name} is 9; it was 128, and had been set to 65535`
      ]
    ],
    [
      { gone: [name] },
      ['Nothing to put back (/j).', `${name} is gone with its module: nothing to put back.`]
    ],
    [{ revertedAt: '2026-11-22' }, ['Nothing to put back: it was put back at 2026-11-22 (/j).']]
  ])('describes %j', (changes, lines) => {
    expect(reversionReport({ ...reversion, ...changes })).toBe(`${lines.join('\n')}\n`)
  })
})
