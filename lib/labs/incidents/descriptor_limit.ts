/** An ordinary server that reaches its RLIMIT_NOFILE. */
import { defineLab } from '../runner/lab_definition.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'

const port = 8100

/** A Node server that keeps every connection it accepts. */
const script = `
const server = require('node:net').createServer((socket) => socket.on('error', () => {}))
server.listen(Number(process.argv[2]), process.argv[1], () => console.log('{}'))`

export const descriptorLimit = defineLab({
  name: 'descriptor-limit',
  rank: 110,
  summary: 'a server reaches its limit of open files',
  expected: 'peer-descriptor-limit',
  seconds: 12,
  parameters: {
    connections: { default: 1000, least: 100, most: 10_000 },
    rate: { default: 500, least: 10, most: 10_000 },
    limit: { default: 512, least: 64, most: 5000 }
  },
  fit: ({ connections, limit }) => ({ connections: Math.max(connections, Math.ceil(limit * 1.5)) }),

  steps: ({ connections, rate, limit, ipv6 }) => {
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
