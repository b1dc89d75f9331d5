/** Finds the listening sockets that receive the connections to given ends. */
import type { ListeningSocket, LocalEnd } from '../engine/sockets.js'
import { isUnspecified, splitEndpoint } from '../net/address.js'

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
    const { port } = splitEndpoint(socket.address)
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
    const taken = sockets.filter((socket) => isTaken(splitEndpoint(socket.address)))
    if (taken.length > 0) return taken
  }
  return []
}
