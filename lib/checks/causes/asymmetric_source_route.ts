import type { AsymmetricRoute } from '../../observe/source_routes.js'
import { defineCheck } from '../context.js'
import { fact } from '../evidence.js'
import { advice, type Remedy } from '../remedy.js'

/**
 * Packets from a source address leave by another device than the one that has it: routes go by the destination, unless a
 * rule goes by the source (ip-rule(8)). The next hop takes such a source for forged (BCP 38, strict `rp_filter`), or the
 * answers come back by the other device.
 */
export const asymmetricSourceRoute = defineCheck({
  id: 'asymmetric-source-route',
  rank: 165,
  concerns: 'dialer',
  about: {
    summary:
      'The dialing host has the source address on one device, and its routes send packets from that address out by another device. A router that filters by source address, or a strict rp_filter at either end, drops these packets or their answers, and every connection from that address times out.',
    evidence:
      'A plan asks the kernel for the route from the source address, with the mark and the device of the run (RTM_GETROUTE), and the route uses another device than the only one that has the address. Addresses of loopback, dummy devices and tunnels are left out, because they may leave by any device; so is an address that also belongs to a network of the device that the packets leave by. Whether anything on the way filters is not visible from here.',
    remedy:
      'Route by source: in a table of its own, add a route to the target through the gateway of the device that has the address, and add a rule that selects this table for the address. Or dial from an address of the device that the packets leave by (`--source DEVICE`). All lines are advice, because the gateway is not known here.',
    mistakenFor:
      'A firewall, or a target that does not answer: in each case the run sees SYNs without an answer. When the source address belongs to the device that the packets leave by, look for one of those instead.'
  },

  predict({ asymmetricRoute }) {
    if (asymmetricRoute === null) return null
    const { source, owner, target, device, lookup } = asymmetricRoute
    return {
      severity: 'warning',
      side: 'client',
      title: `packets from ${source} (on ${owner}) to ${target} leave by ${device}: a router or a strict rp_filter may drop them`,
      evidence: [...fact(lookup, `dev ${device}`), ...fact(`device of ${source}`, owner)],
      remedy: remedy(asymmetricRoute),
      events: 0,
      bindsAt: 0
    }
  }
})

function remedy({ source, owner, target, device }: AsymmetricRoute): Remedy[] {
  const prefix = source.includes(':') ? 'ip -6' : 'ip'
  return [
    advice(`route by source, with the gateway of ${owner} where ${target} is not on its link:`),
    advice(`${prefix} route add ${target} via GATEWAY dev ${owner} table 100`),
    advice(`${prefix} rule add from ${source} table 100`),
    advice(`or dial from an address of ${device}: c1m-native dial --source ${device} ...`)
  ]
}
