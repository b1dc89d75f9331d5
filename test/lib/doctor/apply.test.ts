import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applySettings } from '../../../lib/doctor/apply.js'
import type { Setting } from '../../../lib/doctor/steps.js'
import { readJournal, saveJournal } from '../../../lib/host/sysctl/journal.js'
import { caught } from '../../helpers/caught.js'
import { FakeHost } from './fake_host.js'

const [max, buckets, queue] = [
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_buckets',
  'net.core.somaxconn'
]
const setting = (name: string, wanted: string, blocked: string | null = null): Setting => ({
  name,
  wanted,
  blocked,
  current: null,
  scope: 'namespace',
  lifts: []
})
const changes = (host: FakeHost) => readJournal(host.place)?.changes

it('applySettings sets what it may, and saves the previous values', () => {
  const host = new FakeHost()
  const blocked = setting(queue, '65535', 'needs root')
  expect(applySettings([setting(max, '2097152'), blocked, setting(buckets, '1048576')], host.places)).toEqual(
    {
      journal: host.journal,
      applied: [
        { name: max, from: '65536', to: '2097152' },
        { name: buckets, from: '16384', to: '1048576' }
      ],
      blocked: [blocked]
    }
  )
  expect(host.values()).toEqual({ [max]: '2097152', [buckets]: '1048576', [queue]: '128' })
  expect(changes(host)).toEqual([
    { name: max, before: '65536', ours: ['2097152'] },
    { name: buckets, before: '16384', ours: ['1048576'] }
  ])
})

it('applySettings writes no journal when there is nothing to set', () => {
  const host = new FakeHost()
  expect(applySettings([], host.places)).toEqual({ journal: host.journal, applied: [], blocked: [] })
  expect(readJournal(host.place)).toBeNull()
})

it('applySettings recognizes its own value after the kernel rounded it up', () => {
  const host = new FakeHost()
  rmSync(host.path(buckets))
  // The kernel replaces a slack of 0 by its default: proc_pid_timerslack_ns(5).
  symlinkSync('/proc/self/timerslack_ns', host.path(buckets))
  const rounded = { ...setting(buckets, '0'), current: '50000' }
  const { applied } = applySettings([rounded, setting(max, '2097152')], host.places)
  expect(applied.map(({ to }) => to)).toEqual(['50000', '2097152'])
  expect(changes(host)?.map(({ ours }) => ours)).toEqual([['0', '50000'], ['2097152']])
})

it('applySettings leaves alone a value that has been raised since it was found too low', () => {
  const host = new FakeHost()
  const found = { ...setting(max, '2097152'), current: '65536' }
  host.set(max, '4194304')
  expect(applySettings([found], host.places).applied).toEqual([])
  expect(host.get(max)).toBe('4194304')
  expect(readJournal(host.place)).toBeNull()
})

describe('applySettings, called again,', () => {
  it('keeps the oldest value, and remembers all values it set', () => {
    const host = new FakeHost()
    applySettings([setting(max, '2097152')], host.places)
    applySettings([setting(max, '4194304'), setting(queue, '65535')], host.places)
    expect(changes(host)).toEqual([
      { name: max, before: '65536', ours: ['2097152', '4194304'] },
      { name: queue, before: '128', ours: ['65535'] }
    ])
    applySettings([setting(max, '4194304')], host.places)
    expect(changes(host)?.[0]?.ours).toEqual(['2097152', '4194304'])
  })

  it('saves a value that another process has set since', () => {
    const host = new FakeHost()
    applySettings([setting(max, '2097152')], host.places)
    host.set(max, '100000')
    applySettings([setting(max, '4194304')], host.places)
    expect(changes(host)).toEqual([{ name: max, before: '100000', ours: ['4194304'] }])
  })

  it('continues after a crash between the journal and the sysctls', () => {
    const host = new FakeHost()
    saveJournal([{ name: max, before: '65536', ours: ['2097152'] }], host.place)
    applySettings([setting(max, '2097152')], host.places)
    expect(changes(host)).toEqual([{ name: max, before: '65536', ours: ['2097152'] }])
    expect(host.get(max)).toBe('2097152')
  })
})

describe('applySettings changes nothing', () => {
  it('when the journal cannot be written', () => {
    const host = new FakeHost()
    const before = host.values()
    writeFileSync(dirname(host.places.stateFolder), '')
    expect(caught(() => applySettings([setting(max, '2097152')], host.places))).toMatchObject({
      code: 'C1M_JOURNAL_FAILED'
    })
    expect(host.values()).toEqual(before)
  })

  it.each([
    ['half written', '{"schema": "c1m-native/sysctl-jour', 'C1M_JOURNAL_INVALID'],
    [
      'of another host',
      JSON.stringify({
        schema: 'c1m-native/sysctl-journal@1',
        host: { machineId: 'x', bootId: 'x', netNamespace: 'x' },
        at: '',
        changes: [{ name: queue, before: '1', ours: ['2'] }]
      }),
      'C1M_JOURNAL_FOREIGN'
    ]
  ])('when the journal is %s', (_, journal, code) => {
    const host = new FakeHost()
    const before = host.values()
    host.writeJournal(journal)
    expect(caught(() => applySettings([setting(max, '2097152')], host.places))).toMatchObject({ code })
    expect(host.values()).toEqual(before)
  })

  it.each([
    ['refused', '/proc/sys/kernel/cap_last_cap', 'cannot be set to 1048576 (EACCES)'],
    // A mask of nine bits, proc(5).
    [
      'changed by the kernel',
      '/proc/self/coredump_filter',
      'was 00000033; set to 1048576, it became 00000000'
    ]
  ])('when a sysctl is %s, because those set before it are restored', (_, file, problem) => {
    const host = new FakeHost()
    rmSync(host.path(buckets))
    // Not even root can write it; or it reads back as less, like a sysctl that rounds.
    symlinkSync(file, host.path(buckets))
    const settings = [setting(max, '2097152'), setting(buckets, '1048576')]
    expect(caught(() => applySettings(settings, host.places))).toMatchObject({
      code: 'C1M_SYSCTL_FAILED',
      message: `${buckets} ${problem}; everything was restored`,
      exitCode: 3
    })
    expect(host.get(max)).toBe('65536')
    expect(changes(host)).toEqual([])
  })

  it('when the value of a sysctl could not be restored', () => {
    const host = new FakeHost()
    host.set(buckets, 'many')
    const settings = [setting(max, '2097152'), setting(buckets, '1048576')]
    expect(caught(() => applySettings(settings, host.places))).toMatchObject({
      code: 'C1M_SYSCTL_FAILED',
      message: `${buckets} is 'many', which is not a number and could not be restored; nothing was changed`
    })
    expect(host.get(max)).toBe('65536')
    expect(readJournal(host.place)).toBeNull()
  })

  it('when a sysctl does not exist', () => {
    const host = new FakeHost()
    rmSync(host.path(buckets))
    const settings = [setting(max, '2097152'), setting(buckets, '1048576')]
    expect(caught(() => applySettings(settings, host.places))).toMatchObject({
      code: 'C1M_SYSCTL_FAILED',
      message: `${buckets} cannot be read (ENOENT); nothing was changed`
    })
    expect(host.get(max)).toBe('65536')
  })
})
