import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { formatProcess, thisProcess } from '../../../../lib/host/process_identity.js'
import { putBackAbandoned } from '../../../../lib/host/sysctl/host_journal.js'
import { readAnyJournal, saveJournal } from '../../../../lib/host/sysctl/journal.js'
import { FakeHost } from '../../doctor/fake_host.js'

const max = 'net.netfilter.nf_conntrack_max'
const dead = { pid: 4194305, startTicks: 1 }
const nothing = { restored: [], leftAlone: [], gone: [], stuck: [] }

/** A host on which a killed lab has left `max` at 1000. */
function abandoned(): FakeHost {
  const host = new FakeHost()
  const own = `${host.places.procRoot}/${process.pid}`
  mkdirSync(own)
  writeFileSync(`${own}/stat`, readFileSync('/proc/self/stat'))
  saveJournal([{ name: max, before: '65536', ours: [] }], host.labPlace, dead)
  host.set(max, '1000')
  return host
}

it('the host journal is restored once when its owner has ended', () => {
  const host = abandoned()
  expect(putBackAbandoned(host.labPlace).restored).toEqual([{ name: max, from: '1000', to: '65536' }])
  expect(putBackAbandoned(host.labPlace)).toEqual(nothing)
  expect(host.get(max)).toBe('65536')
})

it('the host journal is read again under the lock, because it may belong to a later run', () => {
  const host = abandoned()
  const { procRoot, ...others } = host.labPlace
  let looked = false
  const place = {
    ...others,
    get procRoot() {
      if (looked) return procRoot
      // Between the first read and the lock another process restores, and a run begins.
      looked = true
      putBackAbandoned(host.labPlace)
      saveJournal([{ name: max, before: '65536', ours: [] }], host.labPlace, thisProcess())
      host.set(max, '3000')
      return procRoot
    }
  }
  expect(putBackAbandoned(place)).toEqual(nothing)
  expect(host.get(max)).toBe('3000')
  expect(readAnyJournal(host.labPlace)?.owner).toEqual(thisProcess())
})

it('the host journal creates no folder when nothing was changed', () => {
  const host = new FakeHost()
  expect(putBackAbandoned(host.labPlace)).toEqual(nothing)
  expect(existsSync(host.places.labStateFolder)).toBe(false)
})

it('the host journal clean-up removes the lock of a run that was killed before it had a journal', () => {
  const host = new FakeHost()
  mkdirSync(host.places.labStateFolder, { recursive: true })
  symlinkSync(formatProcess(dead), `${host.labPlace.path}.lock`)
  expect(putBackAbandoned(host.labPlace)).toEqual(nothing)
  expect(readdirSync(host.places.labStateFolder)).toEqual([])
})
