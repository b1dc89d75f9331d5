/**
 * The yardstick of pure `node:net`: opens connections with nothing but Node, as fast as it can.
 *
 * Usage: node dial_net.mjs CONNECTIONS PORT[,PORT...]
 *
 * Prints {"ready":true} when it could begin, dials 127.0.0.1 when a line arrives on stdin, prints its figures, and
 * closes with RST (so that no TIME_WAIT bends the next run) when stdin ends. One process holds at most as many
 * connections as it may have descriptors: libuv opens every socket in the one table of the process, which
 * RLIMIT_NOFILE bounds.
 */
import { once } from 'node:events'
import net from 'node:net'

/** Connects under way at a time. Measured: from 64 to 1,024 alike, slower when all start at once. */
const window = 256

const connections = Number(process.argv[2])
const ports = process.argv[3].split(',').map(Number)
const sockets = []
let started = 0
let failed = 0
let ended = () => {}

function startNext() {
  if (started === connections) return
  // The literal address avoids a lookup.
  const socket = net.connect({ host: '127.0.0.1', port: ports[started % ports.length] })
  started++
  socket.on('connect', () => {
    sockets.push(socket)
    settle()
  })
  socket.on('error', () => {
    failed++
    settle()
  })
}

function settle() {
  if (sockets.length + failed === connections) ended()
  else startNext()
}

async function dial() {
  const before = { ...process.memoryUsage(), cpu: process.cpuUsage() }
  const startedNs = process.hrtime.bigint()
  await new Promise((resolve) => {
    ended = resolve
    for (let i = 0; i < Math.min(window, connections); i++) startNext()
  })
  // CLOCK_MONOTONIC, so that the runner can lay the times of several processes over each other.
  const endedNs = process.hrtime.bigint()
  const cpu = process.cpuUsage(before.cpu)
  const { rss, heapUsed } = process.memoryUsage()
  return {
    connections: sockets.length,
    failed,
    startedNs: String(startedNs),
    endedNs: String(endedNs),
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    rssBytesPerConnection: (rss - before.rss) / connections,
    heapBytesPerConnection: (heapUsed - before.heapUsed) / connections
  }
}

console.log(JSON.stringify({ ready: true }))
await once(process.stdin, 'data')
console.log(JSON.stringify(await dial()))
process.stdin.resume()
await once(process.stdin, 'end')
for (const socket of sockets) socket.resetAndDestroy()
