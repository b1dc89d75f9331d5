import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readJournal, saveJournal } from '../../../lib/doctor/journal.js'
import { caught } from '../../helpers/caught.js'
import { FakeHost, untuned } from './fake_host.js'

const change = { name: 'net.core.somaxconn', before: '128', ours: ['65535'] }

it('is read as it was written, by nobody else', () => {
  const host = new FakeHost()
  saveJournal([change], host.places)
  expect(readJournal(host.places)).toEqual({
    schema: 'c1m-native/sysctl-journal@1',
    host: {
      machineId: '3d1219c7c4c5404aaa1f6d2a48adfda4',
      bootId: '7a383d13-8d46-4290-9057-ea3c9ab20150',
      netNamespace: 'net:[4026531840]'
    },
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    changes: [change]
  })
  expect(statSync(host.journal).mode & 0o777).toBe(0o600)
  expect(readdirSync(host.places.stateFolder)).toEqual(['sysctl-journal.json'])
})

it('is null where there is none', () => {
  expect(readJournal(new FakeHost().places)).toBeNull()
})

it('replaces the one before, whole', () => {
  const host = new FakeHost()
  saveJournal([change], host.places)
  saveJournal([], host.places)
  expect(readJournal(host.places)?.changes).toEqual([])
})

describe('refuses', () => {
  const good = (host: FakeHost) => {
    saveJournal([change], host.places)
    return readFileSync(host.journal, 'utf8')
  }

  it('one that is half written, at whatever byte', () => {
    const host = new FakeHost()
    const text = good(host).trimEnd()
    for (let length = 0; length < text.length; length += 7) {
      host.writeJournal(text.slice(0, length))
      expect(caught(() => readJournal(host.places))).toMatchObject({
        code: 'C1M_JOURNAL_INVALID',
        message: `the journal '${host.journal}' is half written or no JSON; nothing was changed`,
        exitCode: 2
      })
    }
  })

  it.each<[string, (journal: Record<string, unknown>) => object | null, string]>([
    ['nothing', () => null, 'is no c1m-native/sysctl-journal@1'],
    ['another schema', (journal) => ({ ...journal, schema: 'x' }), 'is no c1m-native/sysctl-journal@1'],
    ['no host', ({ host: _, ...journal }) => journal, 'does not say which host it is of'],
    ['no changes', (journal) => ({ ...journal, changes: {} }), 'has no changes'],
    [
      'a name that is not ours',
      (journal) => ({ ...journal, changes: [{ ...change, name: 'kernel.core_pattern' }] }),
      'has a change that makes no sense: {"name":"kernel.core_pattern","before":"128","ours":["65535"]}'
    ],
    [
      'a path',
      (journal) => ({ ...journal, changes: [{ ...change, name: '../../../etc/passwd' }] }),
      'has a change that makes no sense: {"name":"../../../etc/passwd","before":"128","ours":["65535"]}'
    ],
    [
      'a value that is no number',
      (journal) => ({ ...journal, changes: [{ ...change, before: '|/bin/sh' }] }),
      'has a change that makes no sense: {"name":"net.core.somaxconn","before":"|/bin/sh","ours":["65535"]}'
    ]
  ])('%s', (_, spoil, message) => {
    const host = new FakeHost()
    host.writeJournal(JSON.stringify(spoil(JSON.parse(good(host)))))
    expect(caught(() => readJournal(host.places))).toMatchObject({
      code: 'C1M_JOURNAL_INVALID',
      message: `the journal '${host.journal}' ${message}; nothing was changed`
    })
  })

  it.each([
    ['host', 'machineId', 'another host (machine-id other)', 'Revert it where it was written'],
    ['boot', 'bootId', 'an earlier boot, with which its settings have gone', 'Remove it: rm'],
    [
      'namespace',
      'netNamespace',
      'another network namespace, other (this is net:[4026531840])',
      'Revert it where it was written'
    ]
  ])('one of another %s', (_, part, described, hint) => {
    const host = new FakeHost()
    const journal = JSON.parse(good(host))
    host.writeJournal(JSON.stringify({ ...journal, host: { ...journal.host, [part]: 'other' } }))
    expect(caught(() => readJournal(host.places))).toMatchObject({
      code: 'C1M_JOURNAL_FOREIGN',
      message: `the journal '${host.journal}' is of ${described}; nothing was changed`,
      hint: expect.stringContaining(hint)
    })
    // What has been put back binds nobody.
    host.writeJournal(JSON.stringify({ ...journal, host: { ...journal.host, [part]: 'other' }, changes: [] }))
    expect(readJournal(host.places)?.changes).toEqual([])
  })

  it('one that cannot be read', () => {
    const host = new FakeHost()
    mkdirSync(host.journal, { recursive: true })
    expect(caught(() => readJournal(host.places))).toMatchObject({
      code: 'C1M_JOURNAL_INVALID',
      message: `cannot read the journal '${host.journal}': illegal operation on a directory; nothing was changed`
    })
  })
})

it('fails, and leaves nothing behind, where it cannot be written', () => {
  const host = new FakeHost(untuned)
  writeFileSync(dirname(host.places.stateFolder), 'a file where the folder should be')
  expect(caught(() => saveJournal([change], host.places))).toMatchObject({
    code: 'C1M_JOURNAL_FAILED',
    message: `cannot write the journal '${host.journal}': not a directory; nothing was changed`
  })
})

it.skipIf(process.geteuid?.() === 0)('fails where it may not be written (root may)', () => {
  const host = new FakeHost()
  mkdirSync(host.places.stateFolder, { recursive: true })
  chmodSync(host.places.stateFolder, 0o500)
  expect(caught(() => saveJournal([change], host.places))).toMatchObject({ code: 'C1M_JOURNAL_FAILED' })
  expect(readdirSync(host.places.stateFolder)).toEqual([])
})
