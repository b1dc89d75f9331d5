import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatProcess, thisProcess } from '../../../../lib/host/process_identity.js'
import { readJournal, saveJournal } from '../../../../lib/host/sysctl/journal.js'
import { caught } from '../../../helpers/caught.js'
import { FakeHost, untuned } from '../../doctor/fake_host.js'

const change = { name: 'net.core.somaxconn', before: '128', ours: ['65535'] }

it('a journal is read back as written, and only by its owner', () => {
  const host = new FakeHost()
  saveJournal([change], host.place)
  expect(readJournal(host.place)).toEqual({
    schema: 'c1m-native/sysctl-journal@1',
    host: {
      machineId: '3d1219c7c4c5404aaa1f6d2a48adfda4',
      bootId: '7a383d13-8d46-4290-9057-ea3c9ab20150',
      netNamespace: 'net:[4026531840]'
    },
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    owner: null,
    changes: [change]
  })
  expect(statSync(host.journal).mode & 0o777).toBe(0o600)
  expect(readdirSync(host.places.stateFolder)).toEqual(['sysctl-journal.json'])
})

it('a journal is null when there is none', () => {
  expect(readJournal(new FakeHost().place)).toBeNull()
})

it('a journal replaces the previous one as a whole', () => {
  const host = new FakeHost()
  saveJournal([change], host.place)
  saveJournal([], host.place)
  expect(readJournal(host.place)?.changes).toEqual([])
})

describe('a journal is refused', () => {
  const good = (host: FakeHost) => {
    saveJournal([change], host.place)
    return readFileSync(host.journal, 'utf8')
  }

  it('when it is half written, up to any byte', () => {
    const host = new FakeHost()
    const text = good(host).trimEnd()
    for (let length = 0; length < text.length; length += 7) {
      host.writeJournal(text.slice(0, length))
      expect(caught(() => readJournal(host.place))).toMatchObject({
        code: 'C1M_JOURNAL_INVALID',
        message: `the journal '${host.journal}' is half written or no JSON; nothing was changed`,
        exitCode: 2
      })
    }
  })

  it.each<[string, (journal: Record<string, unknown>) => object | null, string]>([
    ['the value null', () => null, 'is no c1m-native/sysctl-journal@1'],
    ['another schema', (journal) => ({ ...journal, schema: 'x' }), 'is no c1m-native/sysctl-journal@1'],
    ['no host', ({ host: _, ...journal }) => journal, 'does not say which host it is of'],
    ['no changes', (journal) => ({ ...journal, changes: {} }), 'has no changes'],
    [
      'an unknown sysctl',
      (journal) => ({ ...journal, changes: [{ ...change, name: 'kernel.core_pattern' }] }),
      'has a change that makes no sense: {"name":"kernel.core_pattern","before":"128","ours":["65535"]}'
    ],
    [
      'a path as the name of a sysctl',
      (journal) => ({ ...journal, changes: [{ ...change, name: '../../../etc/passwd' }] }),
      'has a change that makes no sense: {"name":"../../../etc/passwd","before":"128","ours":["65535"]}'
    ],
    [
      'a value that is not a number',
      (journal) => ({ ...journal, changes: [{ ...change, before: '|/bin/sh' }] }),
      'has a change that makes no sense: {"name":"net.core.somaxconn","before":"|/bin/sh","ours":["65535"]}'
    ]
  ])('with %s', (_, spoil, message) => {
    const host = new FakeHost()
    host.writeJournal(JSON.stringify(spoil(JSON.parse(good(host)))))
    expect(caught(() => readJournal(host.place))).toMatchObject({
      code: 'C1M_JOURNAL_INVALID',
      message: `the journal '${host.journal}' ${message}; nothing was changed`
    })
  })

  it.each([
    ['host', 'machineId', 'another host (machine-id other)', 'Revert it where it was written'],
    ['boot', 'bootId', 'an earlier boot, whose settings are gone', 'Remove it: rm'],
    [
      'namespace',
      'netNamespace',
      'another network namespace, other (this is net:[4026531840])',
      'Revert it where it was written'
    ]
  ])('from another %s', (_, part, described, hint) => {
    const host = new FakeHost()
    const journal = JSON.parse(good(host))
    host.writeJournal(JSON.stringify({ ...journal, host: { ...journal.host, [part]: 'other' } }))
    expect(caught(() => readJournal(host.place))).toMatchObject({
      code: 'C1M_JOURNAL_FOREIGN',
      message: `the journal '${host.journal}' is of ${described}; nothing was changed`,
      hint: expect.stringContaining(hint)
    })
    // Restored values need no journal.
    host.writeJournal(JSON.stringify({ ...journal, host: { ...journal.host, [part]: 'other' }, changes: [] }))
    expect(readJournal(host.place)?.changes).toEqual([])
  })

  it('when it cannot be read', () => {
    const host = new FakeHost()
    mkdirSync(host.journal, { recursive: true })
    expect(caught(() => readJournal(host.place))).toMatchObject({
      code: 'C1M_JOURNAL_INVALID',
      message: `cannot read the journal '${host.journal}': illegal operation on a directory; nothing was changed`
    })
  })
})

it('a journal can be written when a process with this number was killed while it wrote one', () => {
  const host = new FakeHost()
  mkdirSync(`${host.journal}.${process.pid}.tmp`, { recursive: true })
  writeFileSync(`${host.journal}.${formatProcess(thisProcess())}.tmp`, 'half')
  saveJournal([change], host.place)
  expect(readJournal(host.place)?.changes).toEqual([change])
})

describe('a journal of a lab', () => {
  const owner = { pid: 12, startTicks: 345 }
  const before = { 'net.netfilter.nf_conntrack_max': '262144' }
  const write = (host: FakeHost, journal: unknown) => {
    mkdirSync(dirname(host.labPlace.path), { recursive: true })
    writeFileSync(host.labPlace.path, JSON.stringify(journal))
  }

  it('names the owner of the changes', () => {
    const host = new FakeHost()
    saveJournal([change], host.labPlace, owner)
    expect(readJournal(host.labPlace)).toMatchObject({ owner, changes: [change] })
  })

  it('is understood in the format of version 0.1.0', () => {
    const host = new FakeHost()
    write(host, { ...owner, before: { ...before, 'net.ipv4.tcp_mem': '1\t2\t3' } })
    expect(readJournal(host.labPlace)).toEqual({
      schema: 'c1m-native/sysctl-journal@1',
      host: null,
      at: '',
      owner,
      changes: [
        { name: 'net.netfilter.nf_conntrack_max', before: '262144', ours: [] },
        { name: 'net.ipv4.tcp_mem', before: '1 2 3', ours: [] }
      ]
    })
  })

  it.each<[string, unknown, string]>([
    ['no owner', { before }, 'does not say which process it is of'],
    ['half an owner', { pid: 12, before }, 'does not say which process it is of'],
    ['no values', owner, 'is no c1m-native/sysctl-journal@1'],
    [
      'an unknown sysctl',
      { ...owner, before: { 'kernel.core_pattern': '1' } },
      'has a change that makes no sense: {"name":"kernel.core_pattern","before":"1","ours":[]}'
    ],
    [
      'an invalid value',
      { ...owner, before: { 'fs.nr_open': 7 } },
      'has a change that makes no sense: {"name":"fs.nr_open","before":7,"ours":[]}'
    ]
  ])('is refused with %s', (_, journal, message) => {
    const host = new FakeHost()
    write(host, journal)
    expect(caught(() => readJournal(host.labPlace))).toMatchObject({
      code: 'C1M_JOURNAL_INVALID',
      message: `the journal '${host.labPlace.path}' ${message}; nothing was changed`
    })
  })
})

it('a journal is refused without waiting when it is no regular file', () => {
  const host = new FakeHost()
  mkdirSync(dirname(host.journal), { recursive: true })
  execFileSync('mkfifo', [host.journal])
  expect(caught(() => readJournal(host.place))).toMatchObject({
    code: 'C1M_JOURNAL_INVALID',
    message: `cannot read the journal '${host.journal}': not a regular file; nothing was changed`
  })
})

it('a journal is refused when it is larger than any journal', () => {
  const host = new FakeHost()
  host.writeJournal('')
  truncateSync(host.journal, 4e9)
  expect(caught(() => readJournal(host.place))).toMatchObject({
    message: `cannot read the journal '${host.journal}': 4000000000 bytes are too many; nothing was changed`
  })
})

it('a journal that cannot be written fails, and leaves nothing behind', () => {
  const host = new FakeHost(untuned)
  writeFileSync(dirname(host.places.stateFolder), 'a file where the folder should be')
  expect(caught(() => saveJournal([change], host.place))).toMatchObject({
    code: 'C1M_JOURNAL_FAILED',
    message: `cannot write the journal '${host.journal}': not a directory; nothing was changed`
  })
})

it.skipIf(process.geteuid?.() === 0)('a journal in a read-only folder fails (root may write it)', () => {
  const host = new FakeHost()
  mkdirSync(host.places.stateFolder, { recursive: true })
  chmodSync(host.places.stateFolder, 0o500)
  expect(caught(() => saveJournal([change], host.place))).toMatchObject({ code: 'C1M_JOURNAL_FAILED' })
  expect(readdirSync(host.places.stateFolder)).toEqual([])
})
