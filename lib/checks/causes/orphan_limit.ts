import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, gauge, gaugePeak, hereSide, moved } from '../evidence.js'
import { advice, command, roundUp, sysctl } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'
import { abortReasons, underPressure } from './tcp_memory.js'

/**
 * More sockets were closed and not yet done with their peer than `tcp_max_orphans` allows, and the kernel reset the
 * rest. tcp_check_oom (net/ipv4/tcp.c) has two reasons, this and tcp_mem, and one counter for both.
 */
export const orphanLimit = defineCheck({
  id: 'orphan-limit',
  rank: 90,
  concerns: 'host',
  about: {
    summary:
      'Connections that a process has closed remain in the kernel until the peer has acknowledged their end. When there are more of these orphans on the whole host than net.ipv4.tcp_max_orphans allows, the kernel resets further ones, and their unsent data is lost.',
    evidence:
      'The kernel counts the resets for this network namespace, in a counter that tcp_mem shares. Without unsent data, or with few pages in TCP buffers, only this limit can be the reason; where that is not known, both limits are given. Resets that a run causes by closing its connections at the end do not count.',
    remedy:
      'Raise net.ipv4.tcp_max_orphans in the initial network namespace; where the limit cannot be read, this is advice. Or close the connections of the dial with RST (`--close rst`), which leaves no orphans.',
    mistakenFor:
      'Resets by the peer or by a firewall, which this counter does not count. Too little memory for buffers (`tcp-memory`).'
  },

  explain(context) {
    const aborted = moved(context, 'TcpExt.TCPAbortOnMemory')
    const reasons = abortReasons(context)
    // Where the buffers are known to be full, tcp-memory says that it may be either.
    if (aborted <= 0 || (reasons.memory && underPressure(context))) return null
    const { maxOrphans } = context.facts.after.tcp
    const orphans = gaugePeak(context, 'Sockstat.TCP.orphan')
    const wanted = roundUp(Math.max((maxOrphans ?? 0) * 2, context.run?.connections.peak ?? 0))
    return {
      severity: isCriticalShare(aborted, connectionsOf(context)) ? 'warning' : 'info',
      side: hereSide(context),
      title: reasons.memory
        ? `${figure(aborted)} closed connections were reset, for one of two limits of the whole host: net.ipv4.tcp_max_orphans or net.ipv4.tcp_mem`
        : `${figure(aborted)} closed connections were reset because too many on the whole host waited for their peer${maxOrphans === null ? '' : `: tcp_max_orphans is ${figure(maxOrphans)}`}`,
      evidence: [
        ...counterEvidence(context, 'TcpExt.TCPAbortOnMemory'),
        ...gauge('Sockstat.TCP.orphan', orphans),
        ...(reasons.memory ? gauge('Sockstat.TCP.mem', gaugePeak(context, 'Sockstat.TCP.mem')) : []),
        ...fact('net.ipv4.tcp_max_orphans', maxOrphans)
      ],
      remedy: [
        ...(maxOrphans === null
          ? [
              advice(
                'read and raise net.ipv4.tcp_max_orphans in the initial network namespace, which alone has it'
              )
            ]
          : [sysctl('net.ipv4.tcp_max_orphans', wanted)]),
        command('c1m-native dial --close rst ...')
      ],
      events: aborted
    }
  }
})

/** Those of the run, or those a server beside us has accepted meanwhile. */
function connectionsOf(context: ExplainContext): number {
  return context.run?.connections.attempted ?? moved(context, 'Tcp.PassiveOpens')
}
