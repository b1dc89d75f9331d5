import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { formatProcess, identifyProcess } from '../../../../lib/host/process_identity.js'
import { saveJournal } from '../../../../lib/host/sysctl/journal.js'
import { lockPath, withLock } from '../../../../lib/host/sysctl/lock.js'
import { caught } from '../../../helpers/caught.js'
import { FakeHost } from '../../doctor/fake_host.js'

it('the lock is held by one process at a time, and released in any case', () => {
  const { place } = new FakeHost()
  const failure = new Error('inside')
  const seen = caught(() =>
    withLock(place, () => {
      expect(readlinkSync(lockPath(place))).toMatch(new RegExp(`^${process.pid}-\\d+$`))
      expect(caught(() => withLock(place, () => 'twice'))).toMatchObject({
        code: 'C1M_JOURNAL_BUSY',
        message: `process ${process.pid} is changing the sysctls of this host (lock '${lockPath(place)}'); nothing was changed`,
        exitCode: 2
      })
      throw failure
    })
  )
  expect(seen).toBe(failure)
  expect(readdirSync(dirname(place.path))).toEqual([])
  expect(withLock(place, () => 'again')).toBe('again')
})

it.each([
  ['has gone', '4194305-1'],
  // The same number, another process.
  ['went before this one was given its number', `${process.pid}-1`]
])('the lock is taken over from a process that %s', (_, holder) => {
  const { place } = new FakeHost()
  saveJournal([], place)
  symlinkSync(holder, lockPath(place))
  expect(withLock(place, () => 'mine')).toBe('mine')
  expect(readdirSync(dirname(place.path))).toEqual(['sysctl-journal.json'])
})

/** A process that lives as long as the test, in the form that locks use. */
async function living() {
  const child = spawn('cat')
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'spawn')
  const identity = identifyProcess(child.pid ?? 0)
  return { child, holder: identity === null ? '' : formatProcess(identity) }
}

it('the lock is taken over by only one of several finders', async () => {
  const { place } = new FakeHost()
  const { holder } = await living()
  saveJournal([], place)
  const claim = `${lockPath(place)}.4194305-1`
  symlinkSync('4194305-1', lockPath(place))
  symlinkSync(holder, claim)
  expect(caught(() => withLock(place, () => 'mine'))).toMatchObject({
    code: 'C1M_JOURNAL_BUSY',
    hint: `Run it again when that is done; if there is no such process, rm '${claim}'.`
  })
  expect(readlinkSync(lockPath(place))).toBe('4194305-1')
})

it('the lock is taken over even when processes were killed while they took it over', () => {
  const { place } = new FakeHost()
  saveJournal([], place)
  symlinkSync('4194305-1', lockPath(place))
  symlinkSync('4194306-1', `${lockPath(place)}.4194305-1`)
  symlinkSync('4194307-1', `${lockPath(place)}.4194305-1.4194306-1`)
  expect(withLock(place, () => 'mine')).toBe('mine')
  expect(readdirSync(dirname(place.path))).toEqual(['sysctl-journal.json'])
})

it('the lock removes what killed processes have left, and nothing else', async () => {
  const { place } = new FakeHost()
  const { holder } = await living()
  saveJournal([], place)
  const gone = ['.1234.tmp', '.4194305-1.tmp', '.lock.4194305-1', '.lock.4194305-1.4194306-1']
  for (const ending of gone) symlinkSync('4194305-1', `${place.path}${ending}`)
  const kept = [`.${holder}.tmp`, '.mine']
  for (const ending of kept) writeFileSync(`${place.path}${ending}`, '')
  withLock(place, () => {})
  const base = 'sysctl-journal.json'
  expect(readdirSync(dirname(place.path)).sort()).toEqual(
    [base, ...kept.map((ending) => `${base}${ending}`)].sort()
  )
})

it('the lock is waited for by a caller that asks for it', async () => {
  const { place } = new FakeHost()
  const { child, holder } = await living()
  saveJournal([], place)
  symlinkSync(holder, lockPath(place))
  // This process only waits, so another one ends the holder.
  const other = spawn('sh', ['-c', `until [ -e ${place.path}.go ]; do :; done; kill -KILL ${child.pid}`])
  onTestFinished(() => void other.kill('SIGKILL'))
  await once(other, 'spawn')
  writeFileSync(`${place.path}.go`, '')
  expect(withLock(place, () => 'mine', 60_000)).toBe('mine')
})

it('the lock is refused without waiting when another kind of file is in its place', () => {
  const { place } = new FakeHost()
  saveJournal([], place)
  writeFileSync(lockPath(place), '')
  expect(caught(() => withLock(place, () => 'mine', 60_000))).toMatchObject({
    code: 'C1M_JOURNAL_FAILED',
    message: `'${lockPath(place)}' is no lock, and stands in its place; nothing was changed`
  })
})
