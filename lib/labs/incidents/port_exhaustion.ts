/** A client that runs out of 4-tuples, because another program holds its source ports. */
import { defineLab } from '../runner/lab_definition.js'
import { address, onLink, serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'

const firstPort = 20_000

/** Share of the ports that the other program holds. */
const heldShare = 0.6

export const portExhaustion = defineLab({
  name: 'port-exhaustion',
  rank: 100,
  summary: 'no 4-tuple is left: another program holds most of the source ports',
  expected: 'tuple-space-exhausted',
  seconds: 14,
  parameters: {
    connections: { default: 500, least: 50, most: 20_000 },
    rate: { default: 500, least: 10, most: 10_000 },
    ports: { default: 500, least: 50, most: 20_000 }
  },
  fit: ({ connections, ports }) => {
    const all = Math.max(connections, ports)
    return { connections: all, ports: all }
  },

  steps: ({ connections, rate, ports, ipv6 }) => {
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
    const standing = Math.round(ports * heldShare)
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
