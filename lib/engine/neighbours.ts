/** The kernel's neighbor tables, which all network namespaces share, from rtnetlink(7). */
import { native } from './native.js'
import type { NativeNeighbourTable } from './native_sockets.js'

export type NeighbourTable = NativeNeighbourTable

/**
 * The tables of IPv4 and IPv6; leaves out a table whose statistics this kernel does not report.
 * @throws an Error with `errno` and `syscall` if netlink is refused
 */
export function neighbourTables(): NeighbourTable[] {
  return native().neighbourTables()
}
