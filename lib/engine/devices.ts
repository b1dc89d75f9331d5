/** The network devices of this namespace and the ways packets take, as rtnetlink(7) tells. */

import { constants } from 'node:os'
import { native } from './native.js'
import type { NativeDevice } from './native_sockets.js'

export type Device = NativeDevice

/**
 * Every device, whatever its state; `os.networkInterfaces()` leaves out those that are down.
 * @throws an Error with `errno` and `syscall` where netlink is refused
 */
export function listDevices(): Device[] {
  return native().listDevices()
}

/**
 * The device by which packets leave for a numeric address; null: no route leads there.
 * @param source the address they come from; default: whichever the route chooses
 * @throws an Error with `errno` and `syscall` where netlink is refused, or a route forbids the way
 */
export function routeDevice(target: string, source?: string): string | null {
  try {
    return native().routeDevice(target, source)
  } catch (error) {
    if ((error as { errno?: number }).errno === constants.errno.ENETUNREACH) return null
    throw error
  }
}
