/** Whether a dial ends on this host. */
import { isLoopback } from '../net/address.js'
import type { Target } from '../net/target.js'
import type { DialScenario } from '../scenario/scenario.js'

/**
 * Whether a listener of the dial is in this network namespace, so that the namespace's counters are evidence about the
 * server. One such target among others is enough.
 * @param ownAddresses canonical, as `os.networkInterfaces()` gives them
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
