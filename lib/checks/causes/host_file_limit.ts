import { capability, holdsOnHost } from '../../host/kernel.js'
import { defineCheck } from '../context.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { roundUp, sysctl } from '../remedy.js'
import { acceptQueueOverflow } from './accept_queue_overflow.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * The host has as many open files as `fs.file-max` allows (ENFILE, open(2)). A socket is one, whatever table it is in. Who
 * holds CAP_SYS_ADMIN is not bound: alloc_empty_file in fs/file_table.c.
 */
export const hostFileLimit = defineCheck({
  id: 'host-file-limit',
  rank: 20,
  concerns: 'host',
  about: {
    summary:
      'The whole host has as many open files as fs.file-max allows, and each socket is one, whichever process or container it belongs to. New sockets fail, and so does opening any file.',
    evidence:
      'The kernel refuses a socket with ENFILE, which has no other reason. A process with CAP_SYS_ADMIN is exempt from the limit. A plan adds the descriptors that the run needs to the open files.',
    remedy: 'Raise fs.file-max; it applies to the whole host.',
    mistakenFor:
      'The limit of one process (`descriptor-limit`), which fails with EMFILE and which `ulimit -n` raises.'
  },

  predict({ facts, needs }) {
    const { fileMax, filesOpen } = facts.limits
    if (fileMax === null || filesOpen === null) return null
    const total = filesOpen + needs.descriptors
    if (total <= fileMax || holdsOnHost(facts.kernel, capability.sysAdmin)) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `the host allows ${figure(fileMax)} open files and ${figure(total)} are needed`,
      evidence: [
        ...fact('fs.file-max', fileMax),
        ...fact('fs.file-nr', filesOpen),
        ...fact('needs.descriptors', needs.descriptors)
      ],
      remedy: [sysctl('fs.file-max', roundUp(total * 1.1))],
      events: total - fileMax,
      bindsAt: Math.max(0, Math.floor(((fileMax - filesOpen) * needs.connections) / needs.descriptors))
    }
  },

  explain(context) {
    const { tallies, count } = failures(context, ['ENFILE'])
    if (count === 0) return null
    const { fileMax, filesOpen } = context.facts.after.limits
    return {
      severity: 'critical',
      side: 'client',
      title: `${figure(count)} sockets could not be had: the host has as many open files as it may${fileMax === null ? '' : `, ${figure(fileMax)}`}`,
      evidence: [
        ...tallyEvidence(tallies),
        ...fact('fs.file-max', fileMax),
        ...fact('fs.file-nr', filesOpen)
      ],
      remedy: [
        sysctl('fs.file-max', roundUp(((fileMax ?? 0) + (context.needs?.descriptors ?? count)) * 1.1))
      ],
      events: count,
      explains: [acceptQueueOverflow, synUnanswered, synLoss]
    }
  }
})
