import type { HostFacts } from '../../host/facts.js'
import type { Needs } from '../../scenario/needs.js'
import { defineCheck } from '../context.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice, command, prlimit, type Remedy, sysctl } from '../remedy.js'
import { acceptQueueOverflow } from './accept_queue_overflow.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * RLIMIT_NOFILE bounds each descriptor table (EMFILE, getrlimit(2)). With tables private to their threads there may be
 * many tables; with one shared table it bounds the process.
 */
export const descriptorLimit = defineCheck({
  id: 'descriptor-limit',
  rank: 10,
  concerns: 'process',
  about: {
    summary:
      'The process cannot open more descriptors: RLIMIT_NOFILE limits each descriptor table, and all tables that the run may open are full.',
    evidence:
      'Creating or accepting a socket fails with EMFILE. A plan compares the connections with the number of tables that the run may open and the size of each.',
    remedy:
      'Raise RLIMIT_NOFILE in the shell that starts the run: `ulimit -n` up to the hard limit, beyond that `prlimit` as root, and fs.nr_open first where that is lower. For a systemd unit set LimitNOFILE, for a container `--ulimit nofile`; these two are advice.',
    mistakenFor:
      'The limit of the whole host (`host-file-limit`), which fails with ENFILE. A server that has no descriptor left (`peer-descriptor-limit`), where the client gets no error of its own: connections stop at a number and SYNs go unanswered, or connections are closed at once.'
  },

  predict({ facts, needs }) {
    const capacity = needs.tables * needs.descriptorsPerTable
    if (capacity >= needs.descriptors) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `${figure(needs.descriptors)} descriptors are needed and ${figure(needs.tables)} ${needs.tables === 1 ? 'table' : 'tables'} of ${figure(needs.descriptorsPerTable)} hold ${figure(capacity)}`,
      evidence: [
        ...limits(facts),
        ...fact('needs.descriptors', needs.descriptors),
        ...fact('needs.tables', needs.tables)
      ],
      remedy: remedy(facts, perTable(needs)),
      events: needs.descriptors - capacity,
      bindsAt: Math.floor((capacity * needs.connections) / needs.descriptors)
    }
  },

  explain(context) {
    const { tallies, count } = failures(context, ['EMFILE'])
    const { run, needs } = context
    if (count === 0 || run === null) return null
    const { tables, privateTables } = run.process
    const facts = context.facts.after
    return {
      severity: 'critical',
      side: tallies.some(({ phase }) => phase === 'socket') ? 'client' : 'server',
      title: `${figure(count)} sockets could not be had: RLIMIT_NOFILE is ${facts.limits.nofileSoft ?? 'reached'}${privateTables ? ` for each of ${figure(tables)} descriptor tables` : ', and this kernel gave no private descriptor tables'}`,
      evidence: [...tallyEvidence(tallies), ...limits(facts), ...fact('process.tables', tables)],
      remedy: remedy(facts, needs ? perTable(needs) : run.connections.requested),
      events: count,
      explains: [acceptQueueOverflow, synUnanswered, synLoss]
    }
  }
})

const perTable = ({ descriptors, tables }: Needs) => Math.ceil(descriptors / tables)

function limits({ limits: { nofileSoft, nofileHard, nrOpen } }: HostFacts) {
  return [
    ...fact('RLIMIT_NOFILE soft', nofileSoft),
    ...fact('RLIMIT_NOFILE hard', nofileHard),
    ...fact('fs.nr_open', nrOpen)
  ]
}

/** @param needed descriptors one table must hold */
function remedy({ limits: { nofileHard, nrOpen } }: HostFacts, needed: number): Remedy[] {
  // A little more for what else is open, in steps that look chosen.
  const limit = Math.ceil((needed + 1024) / 1024) * 1024
  const hard = nofileHard === 'unlimited' ? Number.POSITIVE_INFINITY : (nofileHard ?? 0)
  if (hard >= limit) return [command(`ulimit -n ${limit}`)]
  return [
    ...(nrOpen !== null && nrOpen < limit ? [sysctl('fs.nr_open', limit)] : []),
    advice(
      'as root, in the shell that starts the run; in a systemd unit LimitNOFILE, in a container --ulimit nofile:'
    ),
    prlimit('$$', limit)
  ]
}
