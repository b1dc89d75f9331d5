/** Incident 1, its first problem: `nf_conntrack: table full, dropping packet`. */
import { defineLab } from '../runner/define.js'
import { pair, serverAddress, target } from '../topologies/networks.js'
import { forget, tracked, untracked } from '../topologies/tracking.js'

const max = 'net.netfilter.nf_conntrack_max'

export const conntrackFull = defineLab({
  name: 'conntrack-full',
  summary: 'the connection tracking table of the server is full',
  expected: 'conntrack-table-full',
  seconds: 16,
  tools: ['nft', 'conntrack'],
  hostSysctls: [max],
  defaults: { connections: 3000, rate: 1500, max: 2000 },
  bounds: { connections: [200, 60_000], rate: [10, 10_000], max: [100, 40_000] },
  fit: ({ connections, max: entries }) => ({ connections: Math.max(connections, Math.ceil(entries * 1.5)) }),

  acts: ({ connections, rate, max: entries, ipv6 }) => {
    const port = 8100
    // For what is opened now and for what is still remembered of the acts before.
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
