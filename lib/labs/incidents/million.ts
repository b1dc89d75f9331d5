/** A healthy million: twenty ports of one host, dialed from one address of another. */
import { slabBytesPerSocket } from '../../scenario/needs.js'
import { defineLab } from '../runner/lab_definition.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'

export const million = defineLab({
  name: 'million',
  rank: 10,
  summary: 'a million connections from one address to twenty ports, over a cable between two hosts',
  expected: null,
  seconds: 25,
  parameters: {
    connections: { default: 1_000_000, inSeries: 50_000, least: 1000, most: 1_000_000 },
    ports: { default: 20, least: 1, most: 1000 }
  },
  // One source address has some 64,000 ports for each port of the server.
  fit: ({ connections, ports }) => ({ ports: Math.max(ports, Math.ceil(connections / 50_000)) }),
  memoryBytes: ({ connections }) => connections * 2 * slabBytesPerSocket.watched,

  steps: ({ connections, ports, ipv6 }) => {
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
