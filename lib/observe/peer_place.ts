import { isLoopback } from '../net/address.js'
import type { Target } from '../net/targets.js'

/**
 * Whether a listener is in this network namespace, so that what the namespace counts is evidence about the server: the
 * run's own (no target), on loopback, or on an address of this host. One such target among others is enough.
 * @param localAddresses canonical, as `os.networkInterfaces()` gives them
 */
export function isPeerHere(targets: readonly Target[], localAddresses: readonly string[]): boolean {
  if (targets.length === 0) return true
  return targets.some(({ address }) => isLoopback(address) || localAddresses.includes(address))
}
