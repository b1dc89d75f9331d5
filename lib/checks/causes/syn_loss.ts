import { classifyLatencies, looksLikeSynLoss, synRetrySchedule } from '../../host/syn_retry_comb.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, hereSide, moved, percent } from '../evidence.js'
import { roundUp, sysctl } from '../remedy.js'
import { retriedForLoss, severityOf } from '../symptoms.js'
import { watchThere } from './syn_unanswered.js'

/** Share of connections with a repeated SYN below which a network is healthy. */
const healthyShare = 1e-4

/**
 * SYNs, or the answers to them, were lost now and then, and the kernel sent them again a second or more later. Nothing on
 * this host admits to it but, perhaps, a full packet backlog of a CPU.
 */
export const synLoss = defineCheck({
  id: 'syn-loss',
  rank: 230,
  concerns: 'path',
  tentativeFromAfar: true,

  explain(context) {
    const { run } = context
    if (run === null) return null
    const { syn } = run.retransmits
    const retried = retriedForLoss(context)
    const share = retried / Math.max(1, run.connections.established)
    if (retried === 0 || share < healthyShare) return null
    // softnet_stat is the whole host's: it must account for a good part of the loss to be ours.
    const backlogDrops = moved(context, 'Softnet.dropped')
    const atHome = backlogDrops >= syn / 4
    const { netdevMaxBacklog } = context.facts.after.network
    return {
      severity: severityOf(context, retried),
      side: atHome ? hereSide(context) : 'path',
      title: atHome
        ? `${figure(retried)} connections needed more than one SYN: this host's packet backlog overflowed ${figure(backlogDrops)} times`
        : `${figure(retried)} connections (${percent(share)}) needed more than one SYN: packets are lost on the way or at the target${combOf(context)}`,
      evidence: [
        ...fact('retransmits.syn', syn),
        ...fact('retransmits.connectionsWithSynRetry', run.retransmits.connectionsWithSynRetry),
        ...counterEvidence(context, 'TcpExt.TCPSynRetrans', 'Ip.OutDiscards', 'Ip.InDiscards'),
        ...(atHome ? counterEvidence(context, 'Softnet.dropped') : []),
        ...(atHome ? fact('net.core.netdev_max_backlog', netdevMaxBacklog) : [])
      ],
      remedy: atHome
        ? [sysctl('net.core.netdev_max_backlog', roundUp((netdevMaxBacklog ?? 1000) * 8))]
        : [...watchThere],
      events: retried
    }
  }
})

/** `; their latencies gather at 1 s and 3 s`, when they do. */
function combOf({ latencies, facts, scenario, run }: ExplainContext): string {
  const schedule = synRetrySchedule({
    retries: scenario?.synRetries || (facts.before.tcp.synRetries ?? 6),
    linearTimeouts: facts.before.tcp.synLinearTimeouts
  })
  const comb = classifyLatencies(latencies, schedule, run?.connectLatency.withoutSynRetry.p50 ?? 0)
  if (!looksLikeSynLoss(comb)) return ''
  return `; their latencies gather at ${comb.teeth.map(({ atSeconds }) => `${atSeconds} s`).join(', ')}`
}
