import { capability, holds, isAtLeast, type KernelFacts } from '../../host/kernel.js'
import { defineCheck } from '../context.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice, command, type Remedy } from '../remedy.js'

/**
 * The caller asked for a mark, which takes CAP_NET_ADMIN, or from Linux 5.17 CAP_NET_RAW, in the user namespace that owns
 * the network namespace; without it setsockopt(2) fails with EPERM: SO_MARK in net/core/sock.c.
 */
export const capabilityMissing = defineCheck({
  id: 'capability-missing',
  rank: 15,
  concerns: 'process',
  about: {
    summary:
      'The dial is asked to mark its packets (`--mark`), and the process lacks the capability to do so, so it cannot create a socket.',
    evidence:
      'Creating a socket fails with EPERM while a mark is asked for. The process holds neither CAP_NET_ADMIN nor, from Linux 5.17, CAP_NET_RAW; or it holds the capability in a user namespace, where it may not apply.',
    remedy:
      'Run the command as root, which is advice, or give the Node binary the capability with the `setcap` line. Every script that this binary runs then has the capability.',
    mistakenFor:
      'A firewall rule of this host, which makes connect(2) fail with EPERM; here the socket itself cannot be created.'
  },

  predict({ facts: { kernel }, needs, scenario }) {
    const mark = scenario?.socketOptions.mark ?? null
    if (mark === null || mayMark(kernel) !== false) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `a mark takes ${wanted(kernel)}, which this process lacks: no socket can be made`,
      evidence: evidence(kernel, mark),
      remedy,
      events: needs.connections,
      bindsAt: 0
    }
  },

  explain(context) {
    const mark = context.scenario?.socketOptions.mark ?? null
    const { kernel } = context.facts.after
    const { tallies, count } = failures(context, ['EPERM'], 'socket')
    // In a user namespace the capability may be held and not count: the network namespace can belong to another one.
    if (mark === null || count === 0 || (mayMark(kernel) === true && kernel.initialUserNamespace)) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `${figure(count)} sockets could not be marked: that takes ${wanted(kernel)}`,
      evidence: [...tallyEvidence(tallies), ...evidence(kernel, mark)],
      remedy,
      events: count
    }
  }
})

/** Whether the process holds what a mark takes; null when unknown. */
function mayMark(kernel: KernelFacts): boolean | null {
  const admin = holds(kernel, capability.netAdmin)
  return admin === false && rawIsEnough(kernel) ? holds(kernel, capability.netRaw) : admin
}

/** From Linux 5.17: commit 079925cce1d0. */
function rawIsEnough({ version }: KernelFacts): boolean {
  return version !== null && isAtLeast(version, 5, 17)
}

function wanted(kernel: KernelFacts): string {
  return rawIsEnough(kernel) ? 'CAP_NET_ADMIN or CAP_NET_RAW' : 'CAP_NET_ADMIN'
}

function evidence({ capabilities }: KernelFacts, mark: number) {
  return [...fact('scenario.socketOptions.mark', mark), ...fact('CapEff', capabilities)]
}

const remedy: Remedy[] = [
  advice('run it as root, or give this Node the capability, for everything it runs:'),
  command('setcap cap_net_admin+ep "$(readlink -f "$(command -v node)")"')
]
