/** Finds the listening sockets that receive the connections to given ends. */
import type { ListeningSocket, LocalEnd } from '../engine/sockets.js'
import { isUnspecified } from '../net/address.js'

type At = Pick<ListeningSocket, 'address'>

/**
 * The sockets that the kernel picks for connections to these ends: those bound to the address and port, or, if there are
 * none, those bound to any address (inet_lookup_listener). An IPv6 socket also receives IPv4 connections, unless an IPv4
 * socket is bound.
 */
export function listenersAt<Socket extends At>(
  sockets: readonly Socket[],
  ends: readonly LocalEnd[]
): Set<Socket> {
  const byPort = new Map<number, Socket[]>()
  for (const socket of sockets) {
    const { port } = split(socket)
    byPort.set(port, [...(byPort.get(port) ?? []), socket])
  }
  const chosen = [...byPort].flatMap(([port, atPort]) =>
    ends
      .filter(({ firstPort, lastPort }) => port >= firstPort && port <= lastPort)
      .flatMap(({ address }) => (address === undefined ? atPort : atAddress(atPort, address)))
  )
  return new Set(chosen)
}

function atAddress<Socket extends At>(sockets: readonly Socket[], address: string): readonly Socket[] {
  const isV6 = address.includes(':')
  const ofKind = [
    ({ host }: { host: string }) => host === address,
    ({ host }: { host: string }) => isUnspecified(host) && host.includes(':') === isV6,
    ({ host }: { host: string }) => isUnspecified(host) && !isV6
  ]
  for (const isTaken of ofKind) {
    const taken = sockets.filter((socket) => isTaken(split(socket)))
    if (taken.length > 0) return taken
  }
  return []
}

/** Splits `127.0.0.1:80` or `[::1]:80` into host and port. */
function split({ address }: At): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return {
    host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1))
  }
}
