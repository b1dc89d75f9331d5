import { conntrackDrops } from '../../host/conntrack_drops.js'
import { netfilterDrops } from '../../observe/netfilter_drops.js'
import type { Severity } from '../../result/finding.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { fact, figure, moved } from '../evidence.js'
import { droppedShare } from '../listen_drops.js'
import { advice, command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/**
 * A rule of this host's firewall drops or rejects packets of the watched ports: drop reason NETFILTER_DROP, and a call
 * chain that shows the hook. Connection tracking drops with the same reason and has counters of its own.
 */
export const firewallDrop = defineCheck({
  id: 'firewall-drop',
  rank: 167,
  concerns: 'listener',
  about: {
    summary:
      'A firewall rule on the host of the server drops packets of its ports: a rule that forbids them, a rate limit, or a limit on the number of connections. The client sees SYNs without an answer, or a refusal where the rule rejects.',
    evidence:
      '`watch --drops` counts packets of the watched ports that netfilter dropped, and the call chain of each shows the hook. Packets that connection tracking dropped for reasons of its own are subtracted. What remains is ten packets or more, and a hundredth of the connections that arrived.',
    remedy:
      'Find the rule with `nft list ruleset`, in a chain with the hook that the finding shows, and let the ports pass. Changing the rule is advice, because only its owner knows what it is for.',
    mistakenFor:
      'A full connection tracking table, chains that are too long, or a NAT without a free port, which drop with the same reason but have counters of their own (`conntrack-table-full`, `conntrack-chain-too-long`, `nat-ports-exhausted`). A listener that drops SYNs, which does not count as a drop by netfilter. Without `--drops` no counter of the host shows the drops of a rule; only counters inside the rules of nft do.'
  },

  explain(context) {
    const { drops } = context
    // Of all ports of a host a firewall drops what it is there to drop.
    if (context.run !== null || !drops || drops.scope !== 'ends') return null
    const byHook = netfilterDrops(drops.sites)
    const { table, chains, clashes } = conntrackDrops(context.deltas)
    const packets = byHook.reduce((sum, hook) => sum + hook.packets, 0) - table - chains - clashes
    const severity = severityFor(context, packets)
    const hooks = byHook.map(({ hook }) => hook)
    if (severity === null) return null
    return {
      severity,
      // A host that forwards is between client and server.
      side: hooks[0] === 'forward' ? 'path' : 'server',
      title: `a firewall rule of this host dropped or rejected ${figure(packets)} packets of the watched ports, at ${hooks.join(' and ')}`,
      evidence: byHook.flatMap(({ hook, packets }) => fact(`NETFILTER_DROP at ${hook}`, packets)),
      remedy: [
        advice(`find the rule, in a chain with hook ${hooks.join(' or ')}, and let these ports pass:`),
        command('nft list ruleset')
      ],
      events: packets
    }
  }
})

/** Fewer are stray packets. */
const leastPackets = 10

/** Share of the received segments from which on it is more than a late packet of a closed connection now and then. */
const leastOfSegments = 1e-3

/** Against the connections that were opened, and, since these packets need not be SYNs, against all segments. */
function severityFor(context: ExplainContext, packets: number): Severity | null {
  if (packets < leastPackets || !isCriticalShare(droppedShare(context, packets), 1)) return null
  return packets >= moved(context, 'Tcp.InSegs') * leastOfSegments ? 'warning' : 'info'
}
