/** Finds the next hop of a dial that does not answer on its link (ARP, neighbor discovery). */
import { nextHop } from '../engine/devices.js'
import { isUnspecified } from '../net/address.js'
import type { DialScenario } from '../scenario/scenario.js'

export interface SilentHop {
  /** The router to the target, or the target itself. */
  address: string
  device: string
  target: string
  /** Whether the next hops of all targets of the dial are silent. */
  isOnlyWay: boolean
}

/** NUD_INCOMPLETE, NUD_FAILED: the kernel asked for the hardware address and has received no answer. */
const unanswered = 0x01 | 0x20

/** Most targets to check: each takes a query to the kernel. */
const mostTargets = 64

/**
 * Finds the first next hop that does not answer. The kernel forgets this a minute after the last packet, so call it soon
 * after handshakes have failed. Sends nothing.
 * @returns null also if the kernel cannot be queried
 */
export function silentHop({
  selfDial,
  targets,
  sources
}: Pick<DialScenario, 'selfDial' | 'targets' | 'sources'>): SilentHop | null {
  if (selfDial) return null
  const from = sources.map(({ first }) => first).filter((address) => !isUnspecified(address))
  const hops = [...new Set(targets.map(({ address }) => address))].slice(0, mostTargets).map((target) => {
    try {
      const isV6 = target.includes(':')
      const hop = nextHop(
        target,
        from.find((address) => address.includes(':') === isV6)
      )
      return (hop.state & unanswered) !== 0 ? { address: hop.address, device: hop.device, target } : null
    } catch {
      // Netlink is refused, or no route leads there.
      return null
    }
  })
  const first = hops.find((hop) => hop !== null)
  return first ? { ...first, isOnlyWay: hops.every((hop) => hop !== null) } : null
}
