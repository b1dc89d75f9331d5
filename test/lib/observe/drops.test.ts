import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { DropCounter, type DropSummary } from '../../../lib/observe/drops.js'
import { freePort, ownAddress } from '../../helpers/loopback.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const isRoot = process.getuid?.() === 0

/** A SYN to a port nobody listens on is dropped with the reason NO_SOCKET. */
async function knock(address: string, port: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const socket = connect(port, address)
    const [error] = await once(socket, 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  }
}

async function counted(drops: DropCounter, isThere: (summary: DropSummary) => boolean): Promise<DropSummary> {
  for (;;) {
    const summary = drops.read()
    if (isThere(summary)) return summary
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const noSocket = ({ sites }: DropSummary) => sites.filter(({ reason }) => reason === 'NO_SOCKET')
const packets = (summary: DropSummary) => noSocket(summary).reduce((sum, site) => sum + site.packets, 0)

describe.skipIf(!isRoot)('DropCounter (skipped without root)', () => {
  const open: DropCounter[] = []
  const start = (...ends: ConstructorParameters<typeof DropCounter>[0]) => {
    const drops = new DropCounter(ends)
    open.push(drops)
    return drops
  }
  afterAll(() => {
    for (const drops of open) drops.stop()
  })

  it('counts the drops of one endpoint only', async () => {
    const [here, there] = [ownAddress(), ownAddress()]
    const port = await freePort(here)
    const drops = start({ address: here, firstPort: port, lastPort: port })
    await knock(there, port, 3)
    await knock(here, await freePort(here), 3)
    await knock(here, port, 5)
    const summary = await counted(drops, (summary) => packets(summary) >= 5)
    expect(summary).toMatchObject({ scope: 'ends', lost: 0 })
    expect(packets(summary)).toBe(5)
    expect(summary.packets).toBe(5)
    const [site] = noSocket(summary)
    expect(site?.chain[0]).toMatch(/^tcp_v4_rcv/)
    expect(site?.chain.length).toBeGreaterThan(3)
    expect(summary.ignored).toContain('NOT_SPECIFIED')
  })

  it('counts by port for any address', async () => {
    const here = ownAddress()
    const port = await freePort(here)
    const drops = start({ firstPort: port, lastPort: port })
    await knock(here, port, 2)
    await knock(ownAddress(), port, 2)
    expect(packets(await counted(drops, (summary) => packets(summary) >= 4))).toBe(4)
  })

  it('counts drops of IPv6', async () => {
    const port = await freePort('::1')
    const drops = start({ address: '::1', firstPort: port, lastPort: port })
    await knock('::1', port, 2)
    const summary = await counted(drops, (summary) => packets(summary) >= 2)
    expect(noSocket(summary)[0]?.chain[0]).toMatch(/^tcp_v6_rcv/)
  })

  it('counts all drops of this namespace without an endpoint', async () => {
    const here = ownAddress()
    const drops = start()
    await knock(here, await freePort(here), 2)
    const summary = await counted(drops, (summary) => packets(summary) >= 2)
    expect(summary.scope).toBe('namespace')
  })

  it.skipIf(!mayMakeNamespaces)('leaves out drops of other network namespaces', async () => {
    using elsewhere = await Namespace.create()
    const here = ownAddress()
    const port = await freePort(here)
    const drops = start({ firstPort: port, lastPort: port })
    for (let i = 0; i < 3; i++)
      expect(() => elsewhere.run('bash', '-c', `exec 2>&1 3<>/dev/tcp/127.0.0.1/${port}`)).toThrow()
    await knock(here, port, 2)
    expect(packets(await counted(drops, (summary) => packets(summary) >= 2))).toBe(2)
  })

  it('stops counting after stop()', async () => {
    const drops = start()
    drops.stop()
    drops.stop()
    expect(drops.read()).toMatchObject({ packets: 0, sites: [], lost: 0 })
  })
})
