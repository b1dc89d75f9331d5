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
      'The dialing host has the source address on one device, and its routes send packets from that address out by another. A router that filters by source address, or a strict rp_filter at either end, drops these packets or their answers, and every connection from that address times out.',
    evidence:
      'The kernel, asked for the route from that source address with the mark and the device of the run (RTM_GETROUTE), names another device than the only one that has the address. Addresses of loopback, of dummy devices and of tunnels are meant to leave by any device, and an address that also belongs to a network of the device the packets leave by is no stranger there: neither is named. A plan foresees it; whether anything on the way filters cannot be seen from here.',
    mistakenFor:
      'A firewall, or a target that does not answer: all a run sees is SYNs without an answer. Those of a run whose source address belongs to the device its packets leave by need another explanation.'
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
