/** What a target is, and how it is written. */
import type { Port } from '../base/quantities.js'
import { formatEndpoint } from './address.js'

/** One destination address with the ports to use there, all inclusive. */
export interface Target {
  /** Host as it was written, for display. */
  host: string
  /** Numeric address. */
  address: string
  firstPort: Port
  lastPort: Port
}

/** A target as written: the host, which may have a zone (`fe80::1%eth0`), is not looked up yet. */
export type TargetSpec = Omit<Target, 'address'>

/** What is done with targets: only a listener, which may be watched, may leave address and port open. */
export type TargetUse = 'dial' | 'listen' | 'watch'

/** Writes a target as it was written: `host:port` or `host:port-port`. */
export function formatTarget({ host, ...ports }: TargetSpec): string {
  return formatEndpoint(host, formatPorts(ports))
}

/** Writes ports as a target has them: `8100-8119`, or `80`. */
export function formatPorts({ firstPort, lastPort }: Pick<Target, 'firstPort' | 'lastPort'>): string {
  return firstPort === lastPort ? `${firstPort}` : `${firstPort}-${lastPort}`
}
