import { approximateBytes } from '../../base/units.js'
import type { HostFacts } from '../../host/facts.js'
import { defineCheck, type ExplainContext } from '../context.js'
import {
  counterEvidence,
  fact,
  failures,
  figure,
  gauge,
  gaugePeak,
  hereSide,
  moved,
  tallyEvidence
} from '../evidence.js'
import { advice, command, type Remedy, sysctl } from '../remedy.js'
import { severityOf } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * Memory ran out: for socket buffers (`tcp_mem`, in pages, of the whole host), or for the sockets themselves, which take
 * slab of the host and of the control group. See tcp(7) and tcp_check_oom in net/ipv4/tcp.c.
 */
export const tcpMemory = defineCheck({
  id: 'tcp-memory',
  rank: 80,
  concerns: 'host',
  about: {
    summary:
      'The kernel has no memory for sockets or their buffers: TCP buffers have reached net.ipv4.tcp_mem, which counts the pages of all network namespaces together, or the host or the control group has no memory left for new sockets.',
    evidence:
      'Socket calls fail with ENOMEM or ENOBUFS; or the pages in TCP buffers have reached the middle value of tcp_mem, or the kernel counted that they did. Connections that were reset count only where their sockets may have had unsent data, because the kernel resets no others for this reason. A plan compares the kernel memory that the sockets take with what the host and the control group have left.',
    remedy:
      'Where TCP buffers reached the limit, raise net.ipv4.tcp_mem in the initial network namespace, or use smaller buffers (tcp_rmem, tcp_wmem), which is advice. Where the control group has no memory left, raise its limit with the `systemctl` line. More memory and fewer connections for each host (`--shard`) are advice.',
    mistakenFor:
      'Too many closed connections that wait for their peer (`orphan-limit`): the kernel counts resets for either reason in one counter, and where the limits cannot be read here, both are given as possible.'
  },

  predict({ facts, needs }) {
    const room = roomBytes(facts)
    if (room === null || needs.kernelMemoryBytes <= room.bytes) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `the sockets take ${approximateBytes(needs.kernelMemoryBytes)} of kernel memory and ${room.where} has ${approximateBytes(room.bytes)} left`,
      evidence: [
        ...fact('needs.kernelMemoryBytes', needs.kernelMemoryBytes),
        ...fact('MemAvailable', facts.memory.availableBytes),
        ...fact('cgroup memory.max', facts.cgroup.memoryMaxBytes),
        ...fact('cgroup memory.current', facts.cgroup.memoryCurrentBytes)
      ],
      remedy: room.remedy,
      events: Math.ceil(needs.connections * (1 - room.bytes / needs.kernelMemoryBytes)),
      bindsAt: Math.floor((needs.connections * room.bytes) / needs.kernelMemoryBytes)
    }
  },

  explain(context) {
    const { tallies, count } = failures(context, ['ENOMEM', 'ENOBUFS'])
    const pressed = underPressure(context)
    if (count === 0 && !pressed) return null
    const { memory, cgroup } = context.facts.after
    const pages = gaugePeak(context, 'Sockstat.TCP.mem')
    const aborted = pressed && abortReasons(context).memory ? moved(context, 'TcpExt.TCPAbortOnMemory') : 0
    const alone = aborted === 0 || !abortReasons(context).orphans
    const consequence =
      count + aborted === 0
        ? 'and the kernel shrank windows'
        : `and ${figure(count + aborted)} connections failed for it${alone ? '' : ', or for net.ipv4.tcp_max_orphans: one counter counts both'}`
    return {
      severity:
        count + aborted > 0 ? severityOf(context, count + aborted) : feltHere(context) ? 'warning' : 'info',
      side: hereSide(context),
      title: pressed
        ? `TCP buffers of the whole host reached tcp_mem${pages === null || memory.tcpPages === null ? '' : ` (${figure(pages)} of ${figure(memory.tcpPages.high)} pages)`}, ${consequence}`
        : `the kernel had no memory for ${figure(count)} sockets`,
      evidence: [
        ...tallyEvidence(tallies),
        ...counterEvidence(
          context,
          'TcpExt.TCPMemoryPressures',
          'TcpExt.TCPAbortOnMemory',
          'TcpExt.PruneCalled'
        ),
        ...gauge('Sockstat.TCP.mem', pages),
        ...fact('MemAvailable', memory.availableBytes),
        ...fact('cgroup memory.max', cgroup.memoryMaxBytes)
      ],
      remedy: pressed
        ? raiseTcpMem(context.facts.after)
        : (roomBytes(context.facts.after)?.remedy ?? [command('free -m')]),
      events: count + aborted,
      explains: [synLoss, synUnanswered]
    }
  }
})

/** Whether sockets of this namespace met the limit; the pages in use are the whole host's. */
function feltHere(context: ExplainContext): boolean {
  return moved(context, 'TcpExt.TCPMemoryPressures') > 0 || moved(context, 'TcpExt.PruneCalled') > 0
}

/** Whether buffers reached the middle value of tcp_mem. */
export function underPressure(context: ExplainContext): boolean {
  const pages = gaugePeak(context, 'Sockstat.TCP.mem')
  const { tcpPages } = context.facts.after.memory
  const above = pages !== null && tcpPages !== null && pages >= tcpPages.pressure
  return above || moved(context, 'TcpExt.TCPMemoryPressures') > 0
}

/**
 * For which reasons the kernel may have reset connections in TCPAbortOnMemory: tcp_check_oom in net/ipv4/tcp.c. Memory takes
 * a socket with unsent data, and more pages than the last value of tcp_mem. Both limits and both figures are the whole
 * host's, and the limits can be read in its initial namespace only.
 */
export function abortReasons(context: ExplainContext): { memory: boolean; orphans: boolean } {
  const { run, scenario, facts } = context
  const { tcpPages } = facts.after.memory
  const { maxOrphans } = facts.after.tcp
  const orphans = gaugePeak(context, 'Sockstat.TCP.orphan')
  const mayHaveData =
    run === null ||
    scenario === null ||
    scenario.exchange !== null ||
    (context.peerIsHere && !scenario.selfDial)
  return {
    memory: mayHaveData && (tcpPages === null || underPressure(context)),
    // Those that retransmit count up to four times (tcp_out_of_resources).
    orphans: maxOrphans === null || orphans === null || orphans * 4 >= maxOrphans
  }
}

/** What is left for sockets, where it is scarcest. */
function roomBytes({ memory, cgroup }: HostFacts): { bytes: number; where: string; remedy: Remedy[] } | null {
  const { memoryMaxBytes: max, memoryCurrentBytes: current } = cgroup
  const host = memory.availableBytes
  const group = typeof max === 'number' ? Math.max(0, max - (current ?? 0)) : null
  if (group !== null && (host === null || group < host))
    return {
      bytes: group,
      where: 'the control group',
      remedy: [
        advice('lift the control group: in a container --memory, in a systemd unit:'),
        command('systemctl set-property UNIT MemoryMax=infinity')
      ]
    }
  if (host === null) return null
  return {
    bytes: host,
    where: 'the host',
    remedy: [advice('fewer connections for each host (--shard K/N on several), or more memory')]
  }
}

function raiseTcpMem({ memory: { tcpPages } }: HostFacts): Remedy[] {
  const smaller = advice('or smaller buffers: net.ipv4.tcp_rmem, net.ipv4.tcp_wmem')
  if (tcpPages === null)
    return [advice('raise net.ipv4.tcp_mem in the initial network namespace, which alone has it'), smaller]
  const { low, pressure, high } = tcpPages
  return [sysctl('net.ipv4.tcp_mem', `${low * 2} ${pressure * 2} ${high * 2}`), smaller]
}
