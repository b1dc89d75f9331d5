/** The next hop of a dial, where that does not answer on its link (ARP, neighbor discovery). */
import { nextHop } from '../engine/devices.js'
import { isUnspecified } from '../net/address.js'
import type { DialScenario } from '../scenario/scenario.js'

export interface SilentHop {
  /** The router to the target, or the target itself. */
  address: string
  device: string
  target: string
  /** Whether that is so for each target of the dial. */
  isOnlyWay: boolean
}

/** NUD_INCOMPLETE, NUD_FAILED: the kernel asked for the hardware address, and nobody answered (so far). */
const unanswered = 0x01 | 0x20

/** Targets that are asked for: each is a question to the kernel. */
const mostTargets = 64

/**
 * The first next hop that does not answer. The kernel forgets this a minute after the last packet, so it is to be asked
 * for soon after handshakes failed. Sends nothing.
 * @returns null also where the kernel cannot be asked
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
