import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applySettings } from '../../../lib/doctor/apply.js'
import { doctor } from '../../../lib/doctor/doctor.js'
import { revertSettings } from '../../../lib/doctor/revert.js'
import type { Setting } from '../../../lib/doctor/steps.js'
import { thisProcess } from '../../../lib/host/process_identity.js'
import { readJournal, saveJournal } from '../../../lib/host/sysctl/journal.js'
import { HostSysctls } from '../../../lib/labs/sandbox/host_sysctls.js'
import { caught } from '../../helpers/caught.js'
import { FakeHost, untuned } from './fake_host.js'

const [max, buckets, queue] = [
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_buckets',
  'net.core.somaxconn'
]
const never = new AbortController().signal
const dead = { pid: 4194305, startTicks: 1 }
const setting = (name: string, wanted: string): Setting => ({
  name,
  wanted,
  blocked: null,
  current: null,
  scope: 'initial-namespace',
  lifts: []
})
const revert = (host: FakeHost) => revertSettings(host.places, { isRoot: true, initialUserNamespace: true })

/** A lab of this process, or of a killed one, that has set `max` to 1000. */
async function lab(host: FakeHost, owner = thisProcess()): Promise<HostSysctls> {
  const { procRoot, etcRoot, labStateFolder: stateFolder } = host.places
  mkdirSync(join(procRoot, `${process.pid}`), { recursive: true })
  writeFileSync(join(procRoot, `${process.pid}/stat`), readFileSync(`/proc/${process.pid}/stat`))
  const sysctls = new HostSysctls(owner, { procRoot, etcRoot, stateFolder })
  await sysctls.set([max], max, 1000, never)
  return sysctls
}

describe('while a lab has changed a sysctl,', () => {
  const busy = (host: FakeHost) => ({
    code: 'C1M_JOURNAL_BUSY',
    message: `a running lab (process ${process.pid}) has changed ${max} temporarily (journal '${host.labPlace.path}'); nothing was changed`,
    hint: 'Run it again when the lab has ended.'
  })

  it('doctor applies neither that sysctl nor others of the same goal', async () => {
    const host = new FakeHost()
    const running = await lab(host)
    const settings = [setting(queue, '65535'), setting(max, '2097152')]
    expect(caught(() => applySettings(settings, host.places))).toMatchObject(busy(host))
    expect([host.get(max), host.get(queue)]).toEqual(['1000', '128'])
    expect(readJournal(host.place)).toBeNull()
    running.restore()
    applySettings(settings, host.places)
    revert(host)
    expect(host.values()).toEqual(new FakeHost().values())
  })

  it('doctor does not revert that sysctl', async () => {
    const host = new FakeHost()
    applySettings([setting(max, '2097152')], host.places)
    const running = await lab(host)
    expect(caught(() => revert(host))).toMatchObject(busy(host))
    expect(readJournal(host.place)?.changes).toHaveLength(1)
    running.restore()
    expect(host.get(max)).toBe('2097152')
    revert(host)
    expect(host.get(max)).toBe('65536')
  })

  it('doctor does not judge the host by it', async () => {
    const host = new FakeHost({ ...untuned, 'net.netfilter.nf_conntrack_max': '1000000' })
    await lab(host)
    const goal = { connections: 100_000, role: 'server', apply: true } as const
    await expect(doctor(goal, host.places)).rejects.toMatchObject(busy(host))
  })

  it('doctor applies and reverts other sysctls', async () => {
    const host = new FakeHost()
    await lab(host)
    applySettings([setting(buckets, '1048576')], host.places)
    expect(host.get(buckets)).toBe('1048576')
    revert(host)
    expect([host.get(buckets), host.get(max)]).toEqual(['16384', '1000'])
  })
})

describe('a sysctl that a killed lab has changed', () => {
  it('is restored before the host is judged and before anything is set', async () => {
    const host = new FakeHost()
    await lab(host, dead)
    const report = await doctor({ connections: 10_000, role: 'server', apply: true }, host.places)
    expect(report.application?.applied).toEqual([])
    expect(host.get(max)).toBe('65536')
    expect(readdirSync(host.places.labStateFolder)).toEqual([])
  })

  it('is not saved as the previous value', async () => {
    const host = new FakeHost()
    await lab(host, dead)
    applySettings([setting(max, '2097152')], host.places)
    revert(host)
    expect(host.get(max)).toBe('65536')
  })

  it('is restored before a revert', async () => {
    const host = new FakeHost()
    applySettings([setting(max, '2097152')], host.places)
    await lab(host, dead)
    expect(revert(host).restored).toEqual([{ name: max, from: '2097152', to: '65536' }])
    expect(host.get(max)).toBe('65536')
  })

  it('in another network namespace blocks only the same sysctl', async () => {
    const host = new FakeHost()
    const other = new FakeHost(untuned, 'net:[1]')
    saveJournal([{ name: 'fs.nr_open', before: '1048576', ours: [] }], other.labPlace, dead)
    mkdirSync(host.places.labStateFolder, { recursive: true })
    writeFileSync(host.labPlace.path, readFileSync(other.labPlace.path))
    applySettings([setting(max, '2097152')], host.places)
    expect(host.get(max)).toBe('2097152')
    symlinkSync(host.path('fs.file-max'), host.path('fs.nr_open'))
    expect(caught(() => applySettings([setting('fs.nr_open', '2097152')], host.places))).toMatchObject({
      code: 'C1M_JOURNAL_FOREIGN'
    })
  })

  it('is not touched when the journal cannot be understood', () => {
    const host = new FakeHost()
    mkdirSync(host.places.labStateFolder, { recursive: true })
    writeFileSync(host.labPlace.path, '{')
    expect(caught(() => applySettings([setting(max, '2097152')], host.places))).toMatchObject({
      code: 'C1M_JOURNAL_INVALID'
    })
    expect(host.get(max)).toBe('65536')
    // The journal covers the host: sysctls of a namespace are independent of it.
    applySettings([setting(queue, '65535')], host.places)
    expect(host.get(queue)).toBe('65535')
  })
})
