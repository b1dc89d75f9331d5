/** A server that pauses longer than its accept queue lasts. */
import { defineLab } from '../runner/lab_definition.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'

/** A backlog that holds the completed handshakes of any pause in this lab. */
const longBacklog = 4096

/** Connects per second for each place in the queue: on a busy machine a server may be off the CPU for 400 ms. */
export const connectsPerQueuePlace = 2.5

export const acceptQueue = defineLab({
  name: 'accept-queue',
  rank: 70,
  summary: 'a server that pauses longer than its accept queue lasts',
  expected: 'accept-queue-overflow',
  seconds: 14,
  parameters: {
    connections: { default: 600, least: 100, most: longBacklog },
    rate: { default: 300, least: 10, most: 10_000 },
    backlog: { default: 128, least: 32, most: 2000 }
  },
  fit: ({ connections, rate, backlog }) => ({
    connections: Math.max(connections, backlog * 2),
    rate: Math.min(rate, Math.floor(backlog * connectsPerQueuePlace))
  }),

  steps: ({ connections, rate, backlog, ipv6 }) => {
    const server = target(serverAddress(ipv6), 8100)
    const listening = (length: number) => ['--workers', '1', '--backlog', `${length}`, server]
    const load = [
      {
        in: 'client',
        dial: [server, '-c', `${connections}`, '-r', `${rate}`, '--connect-timeout', '3s']
      }
    ]
    return [
      {
        name: 'accepting',
        role: 'healthy',
        text: `A server with a backlog of ${backlog} accepts at once.`,
        topology: pair({ ipv6 }),
        servers: [{ in: 'server', listen: listening(backlog) }],
        load
      },
      {
        name: 'pausing',
        role: 'broken',
        text: `It stops accepting (SIGSTOP), as in a long garbage collection: ${backlog + 1} connections fit its queue.`,
        topology: pair({ ipv6 }),
        servers: [{ in: 'server', listen: listening(backlog), asleep: true }],
        load,
        sign: { in: 'server', counter: 'TcpExt.ListenOverflows' }
      },
      {
        name: `backlog ${longBacklog}`,
        role: 'remedy',
        text: `The same pause with a backlog of ${longBacklog}: the queue takes it.`,
        topology: pair({ ipv6, server: { sysctls: { 'net.core.somaxconn': longBacklog } } }),
        servers: [{ in: 'server', listen: listening(longBacklog), asleep: true }],
        load
      },
      {
        name: 'awake',
        role: 'remedy',
        text: `A backlog of ${backlog} again, and no pause.`,
        topology: pair({ ipv6 }),
        servers: [{ in: 'server', listen: listening(backlog) }],
        load
      }
    ]
  }
})
