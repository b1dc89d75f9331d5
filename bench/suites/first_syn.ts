/** How long a user waits for the first packet. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { commandLine } from '../contenders.js'
import { alternate } from '../pairs.js'
import { compare, figure } from '../stats.js'
import type { Suite } from '../suite.js'

const pairsPlanned = { quick: 10, full: 40 }

/** How long a connection may take to be seen once the process that made it has ended. */
const graceMs = 1000

export const firstSyn: Suite = {
  title: 'from the start of the process to its first connection',
  async run({ mode, progress }) {
    const pairs = pairsPlanned[mode]
    const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    // What ends this suite early must not be kept waiting by it.
    server.unref()
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    // What they have Node do before it looks at any script is neither's to answer for.
    const { NODE_OPTIONS, NODE_EXTRA_CA_CERTS, ...env } = process.env
    const spawnedUntilSeen = async (args: string[]) => {
      const startedMs = performance.now()
      const child = spawn(process.execPath, args, { stdio: 'ignore', env })
      const ended = once(child, 'exit')
      const silent = ended.then(async ([code, signal]) => {
        // What it has sent may still be on its way to us.
        await delay(graceMs)
        throw new Error(`${args.join(' ')} ended (${signal ?? code}) and no connection came of it`)
      })
      const [socket] = await Promise.race([once(server, 'connection'), silent])
      const seenMs = performance.now()
      socket.destroy()
      await ended
      return seenMs - startedMs
    }
    const { a: ours, b: node } = await alternate(
      pairs,
      () => spawnedUntilSeen([commandLine, 'dial', `127.0.0.1:${port}`, '-c', '1', '--json', '-q']),
      () =>
        spawnedUntilSeen(['-e', `require('node:net').connect(${port}, '127.0.0.1').on('error', () => {})`]),
      (pair) => progress(`start ${pair + 1} of ${pairs}`)
    )
    server.close()
    return {
      figures: [
        figure('c1m-native dial', 'ms', ours, { bound: 'at most', value: 150 }),
        figure('one line of node:net', 'ms', node)
      ],
      comparisons: [compare('c1m-native dial / one line of node:net', ours, node)],
      notes: [
        'The witness is a listener in this process: its clock runs from just before spawn() until it is told of the connection, so the SYN left earlier than that.',
        'NODE_OPTIONS and NODE_EXTRA_CA_CERTS are unset: a bundle of certificates alone takes Node some 40 ms.'
      ]
    }
  }
}
