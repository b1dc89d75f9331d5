import { readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { expect, it } from 'vitest'
import { saveJournal } from '../../../lib/doctor/journal.js'
import { lockPath, withLock } from '../../../lib/doctor/lock.js'
import { caught } from '../../helpers/caught.js'
import { FakeHost } from './fake_host.js'

it("is one process's at a time, and let go of whatever happens", () => {
  const { places } = new FakeHost()
  const failure = new Error('inside')
  const seen = caught(() =>
    withLock(places, () => {
      expect(readlinkSync(lockPath(places))).toMatch(new RegExp(`^${process.pid}-\\d+$`))
      expect(caught(() => withLock(places, () => 'twice'))).toMatchObject({
        code: 'C1M_JOURNAL_BUSY',
        message: `process ${process.pid} is changing the sysctls of this host (lock '${lockPath(places)}'); nothing was changed`,
        exitCode: 2
      })
      throw failure
    })
  )
  expect(seen).toBe(failure)
  expect(readdirSync(places.stateFolder)).toEqual([])
  expect(withLock(places, () => 'again')).toBe('again')
})

it.each([
  ['has gone', '4194305-1'],
  // The same number, another process.
  ['went before this one was given its number', `${process.pid}-1`]
])('is taken from a process that %s', (_, holder) => {
  const { places } = new FakeHost()
  saveJournal([], places)
  symlinkSync(holder, lockPath(places))
  expect(withLock(places, () => 'mine')).toBe('mine')
  expect(readdirSync(places.stateFolder)).toEqual(['sysctl-journal.json'])
})

it('is taken by one of several that find it', () => {
  const { places } = new FakeHost()
  saveJournal([], places)
  const claim = `${lockPath(places)}.4194305-1`
  symlinkSync('4194305-1', lockPath(places))
  symlinkSync('7-1', claim)
  expect(caught(() => withLock(places, () => 'mine'))).toMatchObject({
    code: 'C1M_JOURNAL_BUSY',
    hint: `Run it again when that is done; if there is no such process, rm '${claim}'.`
  })
  expect(readlinkSync(lockPath(places))).toBe('4194305-1')
})
