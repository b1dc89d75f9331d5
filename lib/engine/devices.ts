/** The network devices of this namespace and the routes of packets, from rtnetlink(7). */
import { getSystemErrorName } from 'node:util'
import { native } from './native.js'
import type { NativeDevice, NativeNextHop, NativeRoute } from './native_sockets.js'

export type Device = NativeDevice

/**
 * Every device in any state; `os.networkInterfaces()` leaves out those that are down.
 * @throws if the kernel cannot be queried: without netlink, or without an addon for this host
 */
export function listDevices(): Device[] {
  const addon = native()
  try {
    return addon.listDevices()
  } catch (cause) {
    const { errno, syscall } = cause as { errno?: number; syscall?: string }
    if (errno === undefined) throw cause
    throw new Error(
      `the kernel would not list its network devices: ${syscall} ${getSystemErrorName(-errno)}. Allow netlink sockets (AF_NETLINK).`,
      { cause }
    )
  }
}

/** The properties of a connection that routing rules can match. */
export interface RouteQuery {
  /** Numeric address. */
  target: string
  port?: number
  /** The source address; default: the route chooses. */
  source?: string
  mark?: number | null
  /** The device the connection is bound to. */
  device?: string | null
}

/** The route of packets: device and source address, or the error that connect(2) would get. */
export type RouteAnswer = NativeRoute | { error: string }

/** Errors for a missing or prohibited route. Any other error says nothing about the route. */
const noWay = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'ENETDOWN']

/**
 * Asks the kernel for a route. Sends nothing and occupies no port.
 * @throws if the kernel cannot be queried: without netlink, or without an addon for this host
 */
export function findRoute({ target, port = 0, source, mark, device }: RouteQuery): RouteAnswer {
  try {
    const options = { mark: mark ?? 0, device: device ?? '' }
    return native().findRoute({ target, port, ...(source !== undefined && { source }), ...options })
  } catch (error) {
    const { errno, syscall } = error as { errno?: number; syscall?: string }
    const code = syscall === 'route' && errno !== undefined ? getSystemErrorName(-errno) : ''
    if (noWay.includes(code)) return { error: code }
    throw error
  }
}

/**
 * The device by which packets leave for a numeric address; null: there is no route.
 * @param source the source address of the packets; default: the route chooses
 * @throws if netlink is refused, or a route prohibits the address
 */
export function routeDevice(target: string, source?: string): string | null {
  const route = findRoute({ target, ...(source !== undefined && { source }) })
  if (!('error' in route)) return route.device
  if (route.error === 'ENETUNREACH') return null
  throw new Error(`no route to ${target}: ${route.error}`)
}

/**
 * The next hop of packets to a numeric address, and what the kernel knows of its hardware address.
 * @throws an Error with `errno` and `syscall` if netlink is refused or there is no route
 */
export function nextHop(target: string, source?: string): NativeNextHop {
  return native().nextHop(target, source)
}
