import { defineCheck } from '../context.js'
import { counterEvidence, fact, figure, gaugePeak, hereSide, moved } from '../evidence.js'
import { command, roundUp, sysctl } from '../remedy.js'
import { underPressure } from './tcp_memory.js'

/**
 * More sockets were closed and not yet done with their peer than `tcp_max_orphans` allows, and the kernel reset the
 * rest. tcp_check_oom (net/ipv4/tcp.c) has two reasons, this and tcp_mem, and one counter for both; without memory
 * pressure it is this one. Orphans that retransmit count up to four times (tcp_out_of_resources).
 */
export const orphanLimit = defineCheck({
  id: 'orphan-limit',
  rank: 90,
  concerns: 'host',

  explain(context) {
    const aborted = moved(context, 'TcpExt.TCPAbortOnMemory')
    if (aborted <= 0 || underPressure(context)) return null
    const { maxOrphans } = context.facts.after.tcp
    const orphans = gaugePeak(context, 'Sockstat.TCP.orphan')
    const wanted = Math.max((maxOrphans ?? 0) * 2, context.run?.connections.peak ?? 0)
    return {
      severity: 'warning',
      side: hereSide(context),
      title: `${figure(aborted)} closed connections were reset because too many waited for their peer${maxOrphans === null ? '' : `: tcp_max_orphans is ${figure(maxOrphans)}`}`,
      evidence: [
        ...counterEvidence(context, 'TcpExt.TCPAbortOnMemory'),
        ...fact('Sockstat.TCP.orphan', orphans),
        ...fact('net.ipv4.tcp_max_orphans', maxOrphans)
      ],
      remedy: [
        sysctl('net.ipv4.tcp_max_orphans', roundUp(wanted)),
        command('c1m-native dial --close rst ...')
      ],
      events: aborted
    }
  }
})
