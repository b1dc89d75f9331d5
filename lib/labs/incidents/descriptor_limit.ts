/** A server that has no descriptor left: an ordinary one, bounded by its RLIMIT_NOFILE. */
import { defineLab } from '../runner/define.js'
import { pair, serverAddress, target } from '../topologies/networks.js'

const port = 8100

/** A Node server that holds what it accepts; what many services are at heart. */
const script = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}))
server.listen(Number(process.argv[2]), process.argv[1], () => console.log('{}'))`

export const descriptorLimit = defineLab({
  name: 'descriptor-limit',
  summary: 'a server reaches its limit of open files',
  expected: 'peer-descriptor-limit',
  seconds: 12,
  tools: ['prlimit'],
  hostSysctls: [],
  defaults: { connections: 1000, rate: 500, limit: 512 },
  bounds: { connections: [100, 10_000], rate: [10, 10_000], limit: [64, 5000] },
  fit: ({ connections, limit }) => ({ connections: Math.max(connections, Math.ceil(limit * 1.5)) }),

  acts: ({ connections, rate, limit, ipv6 }) => {
    const host = serverAddress(ipv6)
    const ample = connections + limit
    const serving = (nofile: number) => [
      {
        in: 'server',
        argv: ['prlimit', `--nofile=${nofile}:${nofile}`, process.execPath, '-e', script, host, `${port}`]
      }
    ]
    const load = [
      {
        in: 'client',
        dial: [
          target(host, port),
          '-c',
          `${connections}`,
          '-r',
          `${rate}`,
          '--connect-timeout',
          '3s',
          '--hold',
          '1s'
        ]
      }
    ]
    return [
      {
        name: `limit ${ample}`,
        role: 'healthy',
        text: `A Node server that may open ${ample} files holds ${connections} connections.`,
        topology: pair({ ipv6 }),
        servers: serving(ample),
        load
      },
      {
        name: `limit ${limit}`,
        role: 'broken',
        text: `The same server under ulimit -n ${limit}.`,
        topology: pair({ ipv6 }),
        servers: serving(limit),
        load
      },
      {
        name: `limit ${ample} again`,
        role: 'remedy',
        text: `Started anew with a limit of ${ample}.`,
        topology: pair({ ipv6 }),
        servers: serving(ample),
        load
      }
    ]
  }
})
