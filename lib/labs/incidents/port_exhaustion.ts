/** A client that runs out of 4-tuples: another program holds the ports it counts on. */
import { defineLab } from '../runner/define.js'
import { address, onLink, pair, serverAddress, target } from '../topologies/networks.js'

const firstPort = 20_000

/** Share of the ports the other program holds. */
const held = 0.6

export const portExhaustion = defineLab({
  name: 'port-exhaustion',
  summary: 'no 4-tuple is left: another program holds most of the source ports',
  expected: 'tuple-space-exhausted',
  seconds: 14,
  tools: [],
  hostSysctls: [],
  defaults: { connections: 500, rate: 500, ports: 500 },
  bounds: { connections: [50, 20_000], rate: [10, 10_000], ports: [50, 20_000] },
  fit: ({ connections, ports }) => {
    const all = Math.max(connections, ports)
    return { connections: all, ports: all }
  },

  acts: ({ connections, rate, ports, ipv6 }) => {
    const host = serverAddress(ipv6)
    const topology = {
      ...pair({ ipv6 }),
      links: [
        [
          { namespace: 'client', device: 'cable', addresses: [onLink(2, 1, ipv6), onLink(2, 3, ipv6)] },
          { namespace: 'server', device: 'cable', addresses: [onLink(2, 2, ipv6)] }
        ]
      ] as const
    }
    const range = (count: number) => ['--source-ports', `${firstPort}-${firstPort + count - 1}`]
    const own = ['--source', address(2, 1, ipv6)]
    const paced = ['-c', `${connections}`, '-r', `${rate}`]
    const load = (...options: string[]) => [
      { in: 'client', dial: [target(host, 8100), ...paced, ...options] }
    ]
    const standing = Math.round(ports * held)
    const beside = [
      {
        in: 'client',
        dial: [target(host, 8100), ...own, ...range(ports), '-c', `${standing}`, '--hold', '5m']
      }
    ]
    const server = { topology, servers: [{ in: 'server', listen: [target(host, 8100, 2)] }] }
    return [
      {
        name: 'healthy',
        role: 'healthy',
        text: `${connections} connections from one address and ${ports} ports to one server port.`,
        ...server,
        load: load(...own, ...range(ports))
      },
      {
        name: `${standing} ports held`,
        role: 'broken',
        text: `Another program on the host has ${standing} connections from these ports to the same server.`,
        ...server,
        beside,
        load: load(...own, ...range(ports))
      },
      {
        name: 'two addresses',
        role: 'remedy',
        text: 'The other program stays; the client dials from a second address as well.',
        ...server,
        beside,
        load: load(...own, '--source', address(2, 3, ipv6), ...range(ports))
      },
      {
        name: 'two server ports',
        role: 'remedy',
        text: 'The server listens on a second port.',
        ...server,
        beside,
        load: [{ in: 'client', dial: [target(host, 8100, 2), ...paced, ...own, ...range(ports)] }]
      },
      {
        name: `${ports * 2} ports`,
        role: 'remedy',
        text: `The client may use ${ports * 2} source ports.`,
        ...server,
        beside,
        load: load(...own, ...range(ports * 2))
      }
    ]
  }
})
