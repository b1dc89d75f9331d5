/** Whether the server of a dial is on this host. */
import { isLoopback } from '../net/address.js'
import type { Target } from '../net/target.js'
import type { DialScenario } from '../scenario/scenario.js'

/**
 * Whether at least one listener of the dial is in this network namespace, so that the namespace's counters are evidence
 * about the server.
 * @param ownAddresses canonical, as returned by `os.networkInterfaces()`
 */
export function isPeerHere(
  { selfDial, targets }: Pick<DialScenario, 'selfDial' | 'targets'>,
  ownAddresses: readonly string[]
): boolean {
  return selfDial || targets.some((target) => isTargetHere(target, ownAddresses))
}

/** Whether a target is on loopback, or on an address of this host. */
export function isTargetHere({ address }: Pick<Target, 'address'>, ownAddresses: readonly string[]): boolean {
  return isLoopback(address) || ownAddresses.includes(address)
}
