/** The network devices of this namespace and the ways packets take, as rtnetlink(7) tells. */
import { getSystemErrorName } from 'node:util'
import { native } from './native.js'
import type { NativeDevice, NativeNextHop, NativeRoute } from './native_sockets.js'

export type Device = NativeDevice

/**
 * Every device, whatever its state; `os.networkInterfaces()` leaves out those that are down.
 * @throws where the kernel cannot be asked: without netlink, or without an addon for this host
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

/** What a connection tells of itself where a route is chosen for it: rules of routing go by each. */
export interface RouteQuery {
  /** Numeric. */
  target: string
  port?: number
  /** The address it comes from; default: whichever the route chooses. */
  source?: string
  mark?: number | null
  /** The device it is bound to. */
  device?: string | null
}

/** The way of packets: the device they leave by and the address they leave from, or the error of who asks for them to. */
export type RouteAnswer = NativeRoute | { error: string }

/** What the kernel says where a way is missing or forbidden; another error says nothing about the way. */
const noWay = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL', 'ENETDOWN']

/**
 * Asks the kernel for a way, and sends nothing; needs no port.
 * @throws where the kernel cannot be asked: without netlink, or without an addon for this host
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
 * The device by which packets leave for a numeric address; null: no route leads there.
 * @param source the address they come from; default: whichever the route chooses
 * @throws where netlink is refused, or a route forbids the way
 */
export function routeDevice(target: string, source?: string): string | null {
  const route = findRoute({ target, ...(source !== undefined && { source }) })
  if (!('error' in route)) return route.device
  if (route.error === 'ENETUNREACH') return null
  throw new Error(`no way to ${target}: ${route.error}`)
}

/**
 * The next hop of packets to a numeric address, and what the kernel knows of its hardware address.
 * @throws an Error with `errno` and `syscall` where netlink is refused, or there is no way
 */
export function nextHop(target: string, source?: string): NativeNextHop {
  return native().nextHop(target, source)
}
