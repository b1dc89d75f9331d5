import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readHostFacts } from '../../../lib/host/facts.js'
import { parseFacts, readFactsFile } from '../../../lib/host/facts_file.js'
import { caught, rejection } from '../../helpers/caught.js'
import { facts } from '../checks/fixtures.js'
import { fakeRoot } from './fake_root.js'

const through = (value: unknown) => JSON.parse(JSON.stringify(value))

it('a facts file gives back the facts of this host, and of one that shows nothing', () => {
  const here = readHostFacts()
  expect(parseFacts(through(here))).toEqual({ client: here })
  const dark = readHostFacts({ procRoot: fakeRoot({}), sysRoot: fakeRoot({}) })
  expect(parseFacts(through(dark))).toEqual({ client: dark })
})

it('a facts file may leave facts out as unknown, and the version is derived from the release', () => {
  const { client } = parseFacts({ kernel: { release: '5.15.0-91-generic' }, conntrack: { max: 65_536 } })
  expect(client?.kernel).toMatchObject({ version: { major: 5, minor: 15, patch: 0 }, cpus: null })
  expect(client?.conntrack).toEqual({
    count: null,
    max: 65_536,
    buckets: null,
    entriesAllNamespaces: null,
    boundsChains: null
  })
  expect(client?.unknown).toEqual({})
})

it('a facts file may hold both hosts, or a report with facts', () => {
  const host = facts()
  expect(parseFacts({ client: host, server: host })).toEqual({ client: host, server: host })
  expect(parseFacts({ server: host })).toEqual({ server: host })
  expect(parseFacts({ schema: 'c1m-native/doctor@1', facts: host, fits: true })).toEqual({ client: host })
  const ofPlan = { schema: 'c1m-native/plan@1', facts: { client: host, server: null } }
  expect(parseFacts(ofPlan)).toEqual({ client: host })
  expect(parseFacts({ server: { schema: 'c1m-native/doctor@1', facts: host } })).toEqual({ server: host })
})

describe('a facts file is refused with the invalid field named:', () => {
  it.each<[unknown, string]>([
    [null, 'facts: this is null, and must be a JSON object'],
    [[], 'facts: this is [], and must be a JSON object'],
    [{ conntrack: { max: 'many' } }, 'facts: conntrack.max is "many", and must be a whole number'],
    [{ conntrack: { max: -1 } }, 'facts: conntrack.max is -1, and must be a whole number'],
    [{ conntrack: { max: 1.5 } }, 'facts: conntrack.max is 1.5, and must be a whole number'],
    [{ conntrack: 65_536 }, 'facts: conntrack is 65536, and must be an object'],
    [{ conntrack: { maximum: 1 } }, "facts: 'conntrack.maximum' is not a fact of a host"],
    [{ conntrak: {} }, "facts: 'conntrak' is not a fact of a host"],
    [{ kernel: { cpus: 0 } }, 'facts: kernel.cpus is 0, and must be a whole number above zero'],
    [{ kernel: { release: 5.15 } }, 'facts: kernel.release is 5.15, and must be a text'],
    [{ kernel: { version: { major: 5 } } }, 'facts: kernel.version.minor is missing'],
    [
      { kernel: { capabilities: 'all' } },
      'facts: kernel.capabilities is "all", and must be a hexadecimal mask such as "000001ffffffffff"'
    ],
    [
      { limits: { nofileHard: 'max' } },
      'facts: limits.nofileHard is "max", and must be a whole number or "unlimited"'
    ],
    [
      { ports: { reserved: [[9, 1]] } },
      'facts: ports.reserved is [[9,1]], and must be a list of port ranges, [[first, last], ...]'
    ],
    [
      { ports: { localRange: [0, 70_000] } },
      'facts: ports.localRange is [0,70000], and must be two ports, [first, last]'
    ],
    [
      { network: { rpFilterInterfaces: { eth0: 'on' } } },
      'facts: network.rpFilterInterfaces.eth0 is "on", and must be a whole number'
    ],
    [{ unknown: { '/proc/x': 2 } }, 'facts: unknown./proc/x is 2, and must be a text'],
    [{ server: { tcp: [] } }, 'facts: server.tcp is [], and must be an object'],
    [{ server: {}, peer: {} }, "facts: 'peer' is not a host"],
    [
      { schema: 'c1m-native/doctor@1', facts: { tcp: { somaxconn: true } } },
      'facts: facts.tcp.somaxconn is true, and must be a whole number'
    ]
  ])('%j', (value, message) => {
    expect(caught(() => parseFacts(value))).toMatchObject({ code: 'C1M_FACTS_INVALID', message, exitCode: 2 })
  })

  it('an unknown name, with the known names listed', () => {
    expect(caught(() => parseFacts({ conntrack: { maximum: 1 } }))).toMatchObject({
      hint: 'Facts of conntrack are count, max, buckets, entriesAllNamespaces, boundsChains.'
    })
  })
})

describe('readFactsFile', () => {
  it('reads the settings of the first incident', async () => {
    const path = fileURLToPath(new URL('../../fixtures/incident-1.json', import.meta.url))
    const { client, server } = await readFactsFile(path)
    expect(client?.kernel.version).toEqual({ major: 3, minor: 10, patch: 0 })
    expect(server?.conntrack.max).toBe(65_536)
  })

  it('distinguishes a missing file from one that is not JSON', async () => {
    const root = fakeRoot({ 'half.json': '{ "conntrack": { "max": 655', 'text.json': 'max\n\u001b[2J65536' })
    expect(await rejection(readFactsFile(join(root, 'none.json')))).toMatchObject({
      code: 'C1M_FACTS_INVALID',
      message: `cannot read the facts file '${root}/none.json': no such file or directory`
    })
    expect(await rejection(readFactsFile(join(root, 'half.json')))).toMatchObject({
      code: 'C1M_FACTS_INVALID',
      message: expect.stringMatching(/^the facts file '.*half\.json' is not JSON: \S/)
    })
    expect(await rejection(readFactsFile(join(root, 'text.json')))).toMatchObject({
      message: expect.stringMatching(/^\P{Cc}*$/u)
    })
    expect(await rejection(readFactsFile(root))).toMatchObject({
      message: `cannot read the facts file '${root}': illegal operation on a directory`
    })
  })

  it('does not read an endless file to its end', async () => {
    expect(await rejection(readFactsFile('/dev/zero'))).toMatchObject({
      code: 'C1M_FACTS_INVALID',
      message: "the facts file '/dev/zero' is longer than 16MiB, but facts take only a few KiB"
    })
  })
})
