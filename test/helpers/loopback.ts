/** Loopback addresses that belong to one test process, and the sockets the kernel knows there. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'vitest'
import { readCounters } from '../../lib/host/counters.js'

/** The block of 256 addresses of this process: tests run side by side, and must not see each other's sockets. */
const block = `127.${64 + ((process.pid >> 8) & 63)}.${process.pid & 255}`

let last = 0

/** A loopback address that no other test uses. */
export function ownAddress(): string {
  last += 1
  if (last > 254) throw new Error('the addresses of this test process are used up')
  return `${block}.${last}`
}

/** One TCP socket of this network namespace. */
export interface Socket {
  /** As ss(8) names it, e.g. `ESTAB`, `TIME-WAIT`, `LISTEN`. */
  state: string
  local: string
  peer: string
  /** Whether a process holds it: a socket that only the kernel still needs has no inode. */
  held: boolean
}

/** The TCP sockets with `address` at one of their ends, in whatever state. */
export function socketsAt(address: string): Socket[] {
  return execFileSync('ss', ['-Htane', `src ${address} or dst ${address}`], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26
  })
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [state = '', , , local = '', peer = ''] = line.split(/\s+/)
      return { state, local, peer, held: / ino:[1-9]/.test(line) }
    })
}

/**
 * Expects that no process holds a socket at `address` any more, but for those in the states of `others`. What the kernel
 * has yet to finish with is nobody's: TIME_WAIT, and orphans whose last segment was lost.
 */
export async function expectNoSockets(address: string, ...others: string[]): Promise<void> {
  const left = () => socketsAt(address).filter(({ state, held }) => held && !others.includes(state))
  await expect.poll(left, { timeout: 5000 }).toEqual([])
}

/** Sockets that could not enter TIME_WAIT because this network namespace has too many. */
export function timeWaitsLost(): number {
  return readCounters()['TcpExt.TCPTimeWaitOverflow'] ?? 0
}

/** A port at `address` on which nothing listens. */
export async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
