/** Incident 1's shape, and its goal: twenty ports of one host, dialed from one address of another. */
import { slabBytesPerSocket } from '../../scenario/needs.js'
import { defineLab } from '../runner/define.js'
import { pair, serverAddress, target } from '../topologies/networks.js'

export const million = defineLab({
  name: 'million',
  summary: 'a million connections from one address to twenty ports, over a cable between two hosts',
  expected: null,
  seconds: 25,
  tools: [],
  hostSysctls: [],
  defaults: { connections: 1_000_000, ports: 20 },
  bounds: { connections: [1000, 1_000_000], ports: [1, 1000] },
  // One source address has some 64,000 ports for each port of the server.
  fit: ({ connections, ports }) => ({ ports: Math.max(ports, Math.ceil(connections / 50_000)) }),
  memoryBytes: ({ connections }) => connections * 2 * slabBytesPerSocket.watched,
  inSeries: { connections: 50_000 },

  acts: ({ connections, ports, ipv6 }) => {
    const server = target(serverAddress(ipv6), 8100, ports)
    return [
      {
        name: 'as fast as it goes',
        role: 'healthy',
        text: `${connections} connections to ${ports} ports, from one address, held for two seconds.`,
        topology: pair({ ipv6 }),
        servers: [{ in: 'server', listen: [server] }],
        load: [{ in: 'client', dial: [server, '-c', `${connections}`, '--hold', '2s'] }]
      }
    ]
  }
})
