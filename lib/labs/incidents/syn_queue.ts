/** Half-open connections fill a listener's SYN queue, and SYN cookies are off. */

import { defineLab } from '../runner/lab_definition.js'
import type { Topology } from '../sandbox/topology.js'
import { address, onLink, serverAddress, target } from '../topologies/lab_addresses.js'
import { forwarding } from '../topologies/pair_and_path.js'
import { connectsPerQueuePlace } from './accept_queue.js'

/** The attacker's host sends nothing but SYNs, so its handshakes neither complete nor get reset. */
const synsOnly = `
table inet lab {
  chain out {
    type filter hook output priority filter;
    meta l4proto tcp tcp flags & (syn | ack) != syn drop
  }
}`

const cookiesOff = { 'net.ipv4.tcp_syncookies': 0 }

/** Half-open connections for each place in the queue. */
const flood = 4

/** A backlog that holds all half-open connections of the flood. */
const roomy = 4096

export const synQueue = defineLab({
  name: 'syn-queue',
  rank: 80,
  summary: 'half-open connections fill the SYN queue, and SYN cookies are off',
  expected: 'syn-queue-overflow',
  seconds: 20,
  parameters: {
    connections: { default: 300, least: 50, most: 2000 },
    rate: { default: 150, least: 10, most: 10_000 },
    backlog: { default: 64, least: 32, most: 500 }
  },
  fit: ({ rate, backlog }) => ({ rate: Math.min(rate, Math.floor(backlog * connectsPerQueuePlace)) }),

  steps: ({ connections, rate, backlog, ipv6 }) => {
    const server = target(serverAddress(ipv6), 8100)
    const listening = (length: number) => [
      { in: 'server', listen: ['--workers', '1', '--backlog', `${length}`, server] }
    ]
    const beside = [
      {
        in: 'attacker',
        dial: [server, '-c', `${backlog * flood}`, '--hold', '5m', '--connect-timeout', '1s']
      }
    ]
    const load = [
      {
        in: 'client',
        dial: [server, '-c', `${connections}`, '-r', `${rate}`, '--connect-timeout', '3s']
      }
    ]
    const sign = { in: 'server', counter: 'TcpExt.TCPReqQFullDrop' } as const
    return [
      {
        name: 'healthy',
        role: 'healthy',
        text: `A server with a backlog of ${backlog}, without SYN cookies, and nobody else.`,
        topology: network(ipv6, cookiesOff),
        servers: listening(backlog),
        load
      },
      {
        name: 'SYN flood',
        role: 'broken',
        text: `Another host begins ${backlog * flood} handshakes and ends none.`,
        topology: network(ipv6, cookiesOff),
        servers: listening(backlog),
        beside,
        load,
        sign
      },
      {
        name: 'cookies',
        role: 'remedy',
        text: 'The same with SYN cookies: a full queue keeps nobody out.',
        topology: network(ipv6, { 'net.ipv4.tcp_syncookies': 1 }),
        servers: listening(backlog),
        beside,
        load
      },
      {
        name: `backlog ${roomy}`,
        role: 'remedy',
        text: `Without cookies, but with a backlog and tcp_max_syn_backlog of ${roomy}.`,
        topology: network(ipv6, {
          ...cookiesOff,
          'net.ipv4.tcp_max_syn_backlog': roomy,
          'net.core.somaxconn': roomy
        }),
        servers: listening(roomy),
        beside,
        load
      }
    ]
  }
})

/** `client` and `attacker` reach `server` through `router`. */
function network(ipv6: boolean, sysctls: Record<string, number>): Topology {
  const behind = (name: string, subnet: number) =>
    [
      { namespace: 'router', device: name, addresses: [onLink(subnet, 1, ipv6)] },
      { namespace: name, device: 'cable', addresses: [onLink(subnet, 2, ipv6)] }
    ] as const
  return {
    namespaces: {
      router: { sysctls: forwarding(ipv6) },
      client: { gateway: address(1, 1, ipv6) },
      server: { gateway: address(2, 1, ipv6), sysctls },
      attacker: { gateway: address(3, 1, ipv6), rules: synsOnly }
    },
    links: [behind('client', 1), behind('server', 2), behind('attacker', 3)]
  }
}
