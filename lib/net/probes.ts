/**
 * Datagram sockets that ask the kernel for an address or a route, and send nothing. They name their ports: the kernel may
 * have none left to choose, where `ip_local_reserved_ports` or other sockets hold the whole of `ip_local_port_range`. That
 * does not stop a dial, which names its own ports as well.
 */
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { maxPort } from '../base/quantities.js'
import { familyOf, withoutZone } from './address.js'

/** The one port that `ip_unprivileged_port_start` can never be above. */
const alwaysOpen = maxPort

/** Why a socket cannot be bound to an address, a link-local one with its zone; null: this host has it. */
export async function bindFailure(address: string): Promise<unknown> {
  const socket = await openSocket(address)
  try {
    await bindTo(socket, alwaysOpen, address)
    return null
  } catch (cause) {
    // bind(2) looks at the address first.
    return codeOf(cause) === 'EADDRINUSE' ? null : cause
  } finally {
    socket.close()
  }
}

/** Ports that are tried before giving up; any will do, and other sockets hold some. */
const mostPortsTried = 64

/**
 * The address from which the kernel would send to another.
 * @returns null where no port can be had
 * @throws the error of connect(2) where no route leads there
 */
export async function routeByDatagram(address: string): Promise<{ source: string } | null> {
  for (let tried = 0; tried < mostPortsTried; tried++) {
    const socket = await openSocket(address)
    try {
      if (!(await isBound(socket, tried === 0 ? alwaysOpen : anyPort()))) continue
      // Any port will do: nothing is sent.
      socket.connect(9, address)
      await once(socket, 'connect')
      return { source: socket.address().address }
    } finally {
      socket.close()
    }
  }
  return null
}

/** Binds it to the port; false where that is taken, or takes a privilege. */
async function isBound(socket: Socket, port: number): Promise<boolean> {
  try {
    await bindTo(socket, port)
    return true
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes(codeOf(error))) return false
    throw error
  }
}

async function bindTo(socket: Socket, port: number, address?: string): Promise<void> {
  socket.bind({ port, exclusive: true, ...(address !== undefined && { address }) })
  await once(socket, 'listening')
}

function anyPort(): number {
  return 1024 + Math.floor(Math.random() * (maxPort - 1023))
}

async function openSocket(address: string): Promise<Socket> {
  // Loaded when needed: a dial of loopback starts without.
  const { createSocket } = await import('node:dgram')
  return createSocket(familyOf(withoutZone(address)) === 4 ? 'udp4' : 'udp6')
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown'
}
