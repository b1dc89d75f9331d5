/** The kernel's tables of neighbours, which all network namespaces share, as rtnetlink(7) tells in each of them. */
import { native } from './native.js'
import type { NativeNeighbourTable } from './native_sockets.js'

export type NeighbourTable = NativeNeighbourTable

/**
 * Those of IPv4 and IPv6; a table whose figures this kernel does not tell is left out.
 * @throws an Error with `errno` and `syscall` where netlink is refused
 */
export function neighbourTables(): NeighbourTable[] {
  return native().neighbourTables()
}
