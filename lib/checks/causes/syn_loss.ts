import { defineCheck, type ExplainContext, type RunOutcome } from '../context.js'
import { counterEvidence, fact, figure, inRamp, moved, percent } from '../evidence.js'
import { advice } from '../remedy.js'
import { type RepeatedSyns, repeatedSyns } from '../repeated_syns.js'
import { accountsForLoss, lossSeverity, lostSyns } from '../symptoms.js'
import { watchThere } from './syn_unanswered.js'

/** Share of connections with a repeated SYN below which a network is healthy. */
export const healthyShare = 1e-4

/**
 * SYNs, or the answers to them, were lost now and then, and the kernel sent them again a second or more later. Nothing on
 * this host admits to it but, perhaps, a full packet backlog of a CPU.
 */
export const synLoss = defineCheck({
  id: 'syn-loss',
  rank: 230,
  concerns: 'path',
  tentativeFromAfar: true,
  about: {
    summary:
      'Some SYNs, or the answers to them, are lost. The kernel sends a SYN again after a second, so these connections are established, but a second or more late.',
    evidence:
      'TCP_INFO counts the SYNs of each connection. With TCP timestamps the answer shows which of them was answered; without, the latencies cluster at the times of the retries. This host is given as the cause only where its own network devices dropped packets because the backlog of a CPU was full, and their share of all received packets accounts for the lost SYNs.',
    remedy:
      'Find what drops the SYNs on the target: run `c1m-native watch`, `nstat` and `nft list ruleset` there. Where this host drops the answers, spread what it receives over more CPUs (rps_cpus), or raise net.core.netdev_max_backlog against short bursts; both are advice.',
    mistakenFor:
      'A slow path or server (`slow-handshakes`), where the first SYN is answered after the second was sent. A SYN that is sent again within milliseconds was not lost but rejected (`time-wait-paws`).'
  },

  explain(context) {
    const { run } = context
    if (run === null) return null
    const repeated = repeatedSyns(context)
    const affected = repeated.lost + repeated.unclear
    const share = affected / Math.max(1, run.connections.established)
    if (affected === 0 || share < healthyShare) return null
    const backlog = backlogDrops(context, run)
    const atHome = repeated.lost > 0 && accountsForLoss(context, backlog.synsLost)
    return {
      severity: repeated.lost === 0 ? 'info' : lossSeverity(context, lostSyns(context)),
      side: atHome ? 'client' : 'path',
      title: `${figure(affected)} connections (${percent(share)}) needed more than one SYN: ${reason(repeated, atHome ? backlog : null)}`,
      evidence: [
        ...fact('retransmits.syn', run.retransmits.syn),
        ...fact('retransmits.connectionsWithSynRetry', run.retransmits.connectionsWithSynRetry),
        ...counterEvidence(inRamp(context), 'TcpExt.TCPSynRetrans', 'Ip.OutDiscards', 'Ip.InDiscards'),
        ...(atHome
          ? [
              ...counterEvidence(
                inRamp(context),
                'Devices.rxDropped',
                'Devices.rxPackets',
                'Softnet.dropped'
              ),
              ...fact('net.core.netdev_max_backlog', context.facts.after.network.netdevMaxBacklog)
            ]
          : [])
      ],
      remedy: atHome
        ? [
            advice(
              'spread what this host receives over more CPUs (rps_cpus of its devices), or receive less;'
            ),
            advice('against short bursts raise net.core.netdev_max_backlog in the initial network namespace')
          ]
        : [...watchThere],
      events: affected
    }
  }
})

interface BacklogDrops {
  /** Packets that devices of this namespace dropped because the backlog of a CPU was full, at most. */
  here: number
  /** How often a backlog was full, whichever namespace the packet was for. */
  onHost: number
  /** SYNs of this run that went unanswered for it, if it dropped their answers as often as any packet. */
  synsLost: number
}

/**
 * Every packet that a CPU had no room for counts twice: as the whole host's in softnet_stat, and as its device's. A device
 * drops packets for other reasons as well, and the host may have dropped those of its neighbours.
 */
function backlogDrops(context: ExplainContext, { connections, retransmits }: RunOutcome): BacklogDrops {
  const ramp = inRamp(context)
  const onHost = moved(ramp, 'Softnet.dropped')
  const here = Math.min(onHost, moved(ramp, 'Devices.rxDropped'))
  const share = here === 0 ? 0 : here / (here + moved(ramp, 'Devices.rxPackets'))
  // On loopback the SYN is received here, too.
  const received = (connections.attempted + retransmits.syn) * (context.peerIsHere ? 2 : 1)
  return { here, onHost, synsLost: share * received }
}

function reason({ lost, teeth }: RepeatedSyns, backlog: BacklogDrops | null): string {
  if (backlog)
    return `the packet backlog of this host's CPUs was full ${figure(backlog.onHost)} times (of the whole host), and devices of this namespace dropped ${figure(backlog.here)} packets for it`
  if (lost === 0)
    return 'SYNs were lost, or answered after more than a second; without TCP timestamps it does not show which'
  const gather = teeth.map(({ atSeconds }) => `${atSeconds} s`).join(', ')
  return `packets are lost on the way or at the target${gather === '' ? '' : `; their latencies gather at ${gather}`}`
}
