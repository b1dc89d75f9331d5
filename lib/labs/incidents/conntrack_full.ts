/** A full connection tracking table: `nf_conntrack: table full, dropping packet`. */
import { defineLab } from '../runner/lab_definition.js'
import { forget, tracked, untracked } from '../topologies/conntrack_rules.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'

const max = 'net.netfilter.nf_conntrack_max'

export const conntrackFull = defineLab({
  name: 'conntrack-full',
  rank: 20,
  summary: 'the connection tracking table of the server is full',
  expected: 'conntrack-table-full',
  seconds: 16,
  parameters: {
    connections: { default: 3000, least: 200, most: 60_000 },
    rate: { default: 1500, least: 10, most: 10_000 },
    max: { default: 2000, least: 100, most: 40_000 }
  },
  fit: ({ connections, max: entries }) => ({ connections: Math.max(connections, Math.ceil(entries * 1.5)) }),

  steps: ({ connections, rate, max: entries, ipv6 }) => {
    const port = 8100
    // Room for the connections of this step and for those of earlier steps that are still in the table.
    const roomy = Math.max(65_536, connections * 4)
    const server = target(serverAddress(ipv6), port)
    const load = [
      {
        in: 'client',
        dial: [server, '-c', `${connections}`, '-r', `${rate}`, '--connect-timeout', '3s']
      }
    ]
    return [
      {
        name: 'healthy',
        role: 'healthy',
        text: "The server's firewall tracks connections; its table has room.",
        topology: pair({ ipv6, server: { rules: tracked } }),
        servers: [{ in: 'server', listen: [server] }],
        load
      },
      {
        name: `max ${entries}`,
        role: 'broken',
        text: `nf_conntrack_max is ${entries}: each further connection finds the table full.`,
        changes: [forget('server'), { host: { [max]: entries } }],
        load,
        sign: { in: 'server', counter: 'Conntrack.drop' }
      },
      {
        name: `max ${roomy}`,
        role: 'remedy',
        text: `nf_conntrack_max is raised to ${roomy}; everything else goes on.`,
        changes: [{ host: { [max]: roomy } }],
        load
      },
      {
        name: 'notrack',
        role: 'remedy',
        text: `nf_conntrack_max is ${entries} again, the table is full, and connections to port ${port} are not tracked.`,
        changes: [{ host: { [max]: entries } }, { in: 'server', rules: untracked(`${port}`) }],
        load
      }
    ]
  }
})
