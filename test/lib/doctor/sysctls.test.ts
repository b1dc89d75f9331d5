import { describe, expect, it } from 'vitest'
import { foresee } from '../../../lib/checks/index.js'
import { shellLine } from '../../../lib/checks/remedy.js'
import { systemPlaces } from '../../../lib/doctor/places.js'
import {
  isEnough,
  isManaged,
  isOurs,
  managedSysctls,
  obstacle,
  scopeOf
} from '../../../lib/doctor/sysctls.js'
import { isWritten } from '../../../lib/host/sysctl/values.js'
import { predicting } from '../checks/fixtures.js'
import { FakeHost } from './fake_host.js'

const root = { isRoot: true, initialUserNamespace: true }
const user = { isRoot: false, initialUserNamespace: true }

/** A prediction in which every limit is exceeded. */
const everything = foresee(
  predicting({
    facts: {
      kernel: { capabilities: '0' },
      limits: { nrOpen: 1024, nofileHard: 100, fileMax: 1000, filesOpen: 999 },
      tcp: { somaxconn: 1, maxTwBuckets: 1, ehashEntries: 16, timestamps: 0, rfc1337: 0 },
      memory: { availableBytes: 1 },
      conntrack: { count: 1, max: 10, buckets: 1024 }
    },
    needs: {
      connections: 100_000,
      ratePerSecond: 10_000_000,
      tuples: 5,
      descriptors: 100_000,
      descriptorsPerTable: 10,
      tables: 1,
      conntrackEntries: 100_000,
      conntrackEntriesOnHost: 100_000,
      sockets: 100_000,
      timeWaits: 100,
      missingSources: ['192.0.2.1'],
      unroutedTargets: ['192.0.2.2'],
      nat: { ports: 1, lifetimeSeconds: 60, rememberedBy: 'TIME_WAIT' }
    },
    peerIsHere: true
  })
)
const sysctls = everything
  .flatMap(({ remedy }) => remedy)
  .flatMap((step) => (step.kind === 'sysctl' ? step.name : []))

it('the sysctls of doctor include every one that a prediction can name', () => {
  expect(everything.length).toBeGreaterThan(10)
  expect([...new Set(sysctls)].filter((name) => scopeOf(name) === null)).toEqual([])
  expect(new Set(sysctls).size).toBeGreaterThan(5)
})

it('the sysctls of doctor exclude those that kernels dropped or that weaken a host', () => {
  const commands = everything.flatMap(({ remedy }) => remedy.map(shellLine)).join('\n')
  for (const poison of [
    'tcp_tw_recycle',
    'tcp_rfc1337',
    'tcp_timestamps=0',
    'tcp_fin_timeout',
    'ip_local_port_range'
  ])
    expect(commands).not.toContain(poison)
  for (const name of ['net.ipv4.tcp_tw_recycle', 'net.ipv4.tcp_rfc1337', 'kernel.core_pattern', 'toString'])
    expect(isManaged(name)).toBe(false)
})

it('the sysctls of doctor exclude those without effect of their own', () => {
  expect(scopeOf('net.ipv4.tcp_child_ehash_entries')).toBe('namespace')
  expect(isManaged('net.ipv4.tcp_child_ehash_entries')).toBe(false)
  expect(isManaged('net.core.somaxconn')).toBe(true)
})

it('a journal may name every sysctl that doctor applies', () => {
  expect(managedSysctls).toContain('net.core.somaxconn')
  expect(managedSysctls.filter((name) => !isWritten(name))).toEqual([])
})

it('a value that the kernel may have derived from the written one counts as written', () => {
  const change = { name: 'net.netfilter.nf_conntrack_buckets', before: '16384', ours: ['1000', '2000'] }
  const values = ['1000', '2000', '2048', '1500']
  expect(values.map((value) => isOurs(change, value))).toEqual([true, true, false, false])
  const unsettled = { ...change, unsettled: true }
  expect(values.map((value) => isOurs(unsettled, value))).toEqual([true, true, true, false])
})

it.each([
  ['65536', '65536', true],
  ['9223372036854775807', '65536', true],
  ['128', '65535', false],
  ['1 2 3', '1 2 3', true],
  ['1 2 3', '1 2 4', false]
])('for the current value %s and the wanted value %s, isEnough is %s', (current, wanted, enough) => {
  expect(isEnough(current, wanted)).toBe(enough)
})

describe('obstacle', () => {
  it('is null when a sysctl can be written', () => {
    expect(obstacle('net.core.somaxconn', user, new FakeHost().places)).toBeNull()
  })

  it.each([
    ['net.netfilter.nf_conntrack_max', user, 'needs root'],
    ['net.netfilter.nf_conntrack_max', root, 'cannot be set from this network namespace: set it on the host'],
    [
      'fs.file-max',
      { ...root, initialUserNamespace: false },
      'needs the root of the host, but this is the root of a user namespace'
    ],
    ['fs.file-max', root, 'cannot be written here (ENOENT)']
  ])('for %s and %j is %s', (name, caller, reason) => {
    const without = new FakeHost({ 'net.core.somaxconn': '128' })
    expect(obstacle(name, caller, without.places)).toBe(reason)
  })

  it('is found in a file that even root may not write', () => {
    expect(obstacle('kernel.osrelease', root, systemPlaces())).toBe('cannot be written here (EACCES)')
  })
})
