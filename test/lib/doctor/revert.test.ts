import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { revertSettings } from '../../../lib/doctor/revert.js'
import { type Change, readJournal, saveJournal } from '../../../lib/host/sysctl/journal.js'
import { caught } from '../../helpers/caught.js'
import { FakeHost, untuned } from './fake_host.js'

const caller = { isRoot: true, initialUserNamespace: true }
const [max, buckets, queue] = [
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_buckets',
  'net.core.somaxconn'
] as const

const changes: [Change, Change, Change] = [
  { name: max, before: '65536', ours: ['2097152'] },
  { name: buckets, before: '16384', ours: ['524288', '1048576'] },
  { name: queue, before: '128', ours: ['65535'] }
]

/** A host whose journal has these changes, with these current sysctls. */
function applied(now: Record<string, string>): FakeHost {
  const host = new FakeHost({ ...untuned, ...now })
  saveJournal(changes, host.place)
  return host
}

const all = { [max]: '2097152', [buckets]: '1048576', [queue]: '65535' }
const before = { [max]: '65536', [buckets]: '16384', [queue]: '128' }
const revert = (host: FakeHost) => revertSettings(host.places, caller)

it('revertSettings restores everything, in reverse order', () => {
  const host = applied(all)
  expect(revert(host)).toEqual({
    journal: host.journal,
    restored: [
      { name: queue, from: '65535', to: '128' },
      { name: buckets, from: '1048576', to: '16384' },
      { name: max, from: '2097152', to: '65536' }
    ],
    leftAlone: [],
    gone: [],
    revertedAt: null
  })
  expect(host.values()).toEqual(before)
})

it.each<[string, Record<string, string>]>([
  ['before the first sysctl', before],
  ['after the first sysctl', { ...before, [max]: '2097152' }],
  ['while it applied a larger goal', { ...all, [buckets]: '524288' }],
  ['during a revert', { ...all, [queue]: '128' }]
])('revertSettings restores everything after a crash %s', (_, now) => {
  const host = applied(now)
  revert(host)
  expect(host.values()).toEqual(before)
})

it('revertSettings leaves alone what another process has changed since, and says so', () => {
  const host = applied({ ...all, [queue]: '9000' })
  const { restored, leftAlone } = revert(host)
  expect(restored.map(({ name }) => name)).toEqual([buckets, max])
  expect(leftAlone).toEqual([{ name: queue, current: '9000', applied: '65535', before: '128' }])
  expect(host.values()).toEqual({ ...before, [queue]: '9000' })
})

it('revertSettings may be repeated', () => {
  const host = applied(all)
  revert(host)
  const at = readJournal(host.place)?.at
  host.set(queue, '65535')
  expect(revert(host)).toEqual({
    journal: host.journal,
    restored: [],
    leftAlone: [],
    gone: [],
    revertedAt: at
  })
  expect(host.get(queue)).toBe('65535')
})

it('revertSettings changes nothing without a journal', () => {
  const host = new FakeHost()
  expect(caught(() => revert(host))).toMatchObject({
    code: 'C1M_JOURNAL_MISSING',
    message: `there is no journal at '${host.journal}': nothing was applied from here`,
    exitCode: 2
  })
})

it('revertSettings continues after a sysctl whose module is gone, and says so', () => {
  const host = applied(all)
  rmSync(host.path(max))
  const { restored, gone } = revert(host)
  expect(restored.map(({ name }) => name)).toEqual([queue, buckets])
  expect(gone).toEqual([max])
  expect(readJournal(host.place)?.changes).toEqual([])
})

it('revertSettings continues after a sysctl that it may not write, which stays in the journal', () => {
  const host = new FakeHost({ ...untuned, ...all })
  // Not even root can write it.
  const readOnly = '/proc/sys/kernel/cap_last_cap'
  const ours = [readFileSync(readOnly, 'utf8').trim()]
  saveJournal([changes[0], { name: buckets, before: '16384', ours }, changes[2]], host.place)
  rmSync(host.path(buckets))
  symlinkSync(readOnly, host.path(buckets))
  expect(caught(() => revert(host))).toMatchObject({
    code: 'C1M_SYSCTL_FAILED',
    message:
      `${buckets} cannot be restored to 16384: cannot be set from this network namespace: set it on the host; ` +
      `the journal keeps it; ${queue} was restored to 128; ${max} was restored to 65536`,
    exitCode: 3
  })
  expect(host.get(queue)).toBe('128')
  expect(host.get(max)).toBe('65536')
  expect(readJournal(host.place)?.changes).toEqual([{ name: buckets, before: '16384', ours }])
  // Now it can be written again.
  rmSync(host.path(buckets))
  writeFileSync(host.path(buckets), `${ours[0]}\n`)
  expect(revert(host).restored).toEqual([{ name: buckets, from: ours[0], to: '16384' }])
})

it('revertSettings recognizes a value that the kernel rounded up when the process that set it was killed', () => {
  const host = new FakeHost({ ...untuned, [buckets]: '1048576' })
  saveJournal([{ name: buckets, before: '16384', ours: ['1048000'], unsettled: true }], host.place)
  expect(revert(host).restored).toEqual([{ name: buckets, from: '1048576', to: '16384' }])
})
