/** A full neighbor table, which all network namespaces of a host share. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { mayChangeHost, readSysctl, whyNot } from '../../helpers/host_changes.js'
import { connectNamespaces, jsonLines, Namespace } from '../../helpers/namespace.js'

const limit = 'net.ipv4.neigh.default.gc_thresh3'
const target = '198.18.80.2:8100'
const dialed = [target, '-c', '20', '--connect-timeout', '2500ms']

/** Raises the limit until the end of the scope of `using`; no lab changes it, so it is not in the journal. */
function raised(to: number): Disposable {
  const before = readSysctl(limit)
  const set = (value: number | string) => writeFileSync(`/proc/sys/${limit.replaceAll('.', '/')}`, `${value}`)
  set(to)
  return { [Symbol.dispose]: () => set(before) }
}

describe.skipIf(!mayChangeHost)(`the neighbor table (${whyNot})`, () => {
  it('is named inside a namespace when other namespaces have filled it, and a higher limit there fixes it', async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    using crowd = await Namespace.create()
    connectNamespaces(client, '198.18.80.1/24', server, '198.18.80.2/24')
    // A network of missing hosts, each looked up until the test is over.
    crowd.run('ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'other')
    crowd.run('ip', 'address', 'add', '198.19.0.1/16', 'dev', 'one')
    crowd.run('ip', 'link', 'set', 'one', 'up')
    crowd.run('ip', 'link', 'set', 'other', 'up')
    crowd.run('sysctl', '-q', '-w', 'net.ipv4.neigh.one.mcast_solicit=20')
    const most = Number(readSysctl(limit))
    const absent = Array.from({ length: most }, (_, i) => `198.19.${1 + (i >> 8)}.${i & 255}:80`)
    await using _listening = await listenIn(server, target)
    const asking = crowd.start(
      'dial',
      ...absent,
      '-c',
      `${most}`,
      '--connect-timeout',
      '1m',
      '--ndjson',
      '-q'
    )
    for await (const { attempted } of jsonLines(asking)) if (attempted === most) break
    try {
      const result = await dialIn(client, ...dialed)
      expect(result.connections).toMatchObject({ established: 0, failed: 20 })
      expect(causesOf(result)).toEqual(['unreachable'])
      expect(result.findings[0]).toMatchObject({
        severity: 'critical',
        side: 'client',
        title: expect.stringMatching(/^the neighbour table of the whole host was full [\d,]+ times/)
      })
      expect(result.findings[0]?.remedy.slice(0, 2)).toEqual([
        '# in the initial network namespace:',
        `sysctl -w ${limit}=${most * 4}`
      ])
      using _raised = raised(most * 4)
      const healed = await dialIn(client, ...dialed)
      expect(healed.connections).toMatchObject({ established: 20, failed: 0 })
      expect(causesOf(healed)).toEqual([])
    } finally {
      asking.kill('SIGKILL')
      // The namespace outlives the test for a while, with its neighbor entries; without the device it has none.
      crowd.run('ip', 'link', 'delete', 'one')
    }
  })
})
