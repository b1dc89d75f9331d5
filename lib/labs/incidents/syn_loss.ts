/** SYNs that get lost on the way. No counter has them; the client alone sees that it repeats SYNs. */
import { defineLab } from '../runner/lab_definition.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { path } from '../topologies/pair_and_path.js'

/** Drops this percentage of SYNs in the middle of the path, where no counter of either end sees it. */
const loss = (percent: number) => `
table inet lab {
  chain onward {
    type filter hook forward priority filter;
    tcp flags & (syn | ack) == syn numgen random mod 100 < ${percent} drop
  }
}`

export const synLoss = defineLab({
  name: 'syn-loss',
  rank: 90,
  summary: 'a path that drops some SYNs: the rest of the traffic is fine, connects take seconds',
  expected: 'syn-loss',
  seconds: 12,
  parameters: {
    connections: { default: 1000, least: 200, most: 20_000 },
    rate: { default: 500, least: 10, most: 10_000 },
    loss: { default: 30, least: 5, most: 60 }
  },

  steps: ({ connections, rate, loss: percent, ipv6 }) => {
    const server = target(serverAddress(ipv6), 8100)
    const load = [{ in: 'client', dial: [server, '-c', `${connections}`, '-r', `${rate}`] }]
    return [
      {
        name: 'healthy',
        role: 'healthy',
        text: 'A router between client and server; nothing is lost.',
        topology: path({ ipv6 }),
        servers: [{ in: 'server', listen: [server] }],
        load
      },
      {
        name: `${percent} % lost`,
        role: 'broken',
        text: `The router drops ${percent} % of SYNs.`,
        changes: [{ in: 'router', rules: loss(percent) }],
        load,
        sign: { in: 'client', counter: 'TcpExt.TCPSynRetrans' }
      },
      {
        name: 'loss gone',
        role: 'remedy',
        text: 'The router drops nothing any more.',
        changes: [{ in: 'router', run: ['nft', 'delete', 'table', 'inet', 'lab'] }],
        load
      }
    ]
  }
})
