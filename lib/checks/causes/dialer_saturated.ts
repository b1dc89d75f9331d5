import type { Check, ExplainContext, RunOutcome, Verdict } from '../context.js'
import { fact, figure, percent } from '../evidence.js'
import { advice } from '../remedy.js'
import { lostSyns } from '../symptoms.js'

/** Lateness of the latest hundredth of connection starts, from which on the schedule was not kept. */
const lateUs = 50_000

/** Share of its CPUs a dialer may use before they are what binds. */
const busyShare = 0.8

/** Connects a second one CPU does at best: 10 to 14 us each with both ends on it, about half with one. */
export const connectsPerCpu = { bothEnds: 100_000, oneEnd: 200_000 }

/**
 * We are the bottleneck: the rate asked for was not kept, and the reason is this process, its CPUs or its window of
 * handshakes in flight. Without a rate the dialer always goes as fast as it can, which is no finding.
 */
export const dialerSaturated: Check = {
  id: 'dialer-saturated',

  predict({ facts: { kernel }, needs, peerIsHere, scenario }) {
    if (needs.ratePerSecond === null || kernel.cpus === null) return null
    const workers = scenario?.workers ?? kernel.cpus
    const cpus = Math.min(kernel.cpus, workers)
    const most = cpus * (peerIsHere ? connectsPerCpu.bothEnds : connectsPerCpu.oneEnd)
    if (needs.ratePerSecond <= most) return null
    return {
      severity: 'warning',
      side: 'client',
      title: `${figure(needs.ratePerSecond)}/s is more than ${figure(cpus)} CPUs do: about ${figure(most)}/s at best`,
      evidence: [
        ...fact('needs.ratePerSecond', needs.ratePerSecond),
        ...fact('cpus', kernel.cpus),
        ...(scenario ? fact('scenario.workers', workers) : [])
      ],
      remedy: remedy(kernel.cpus > workers),
      events: needs.ratePerSecond - most
    }
  },

  explain(context) {
    const { run, scenario } = context
    if (run === null || scenario === null || scenario.rate.length === 0) return null
    if (run.pacing === null || run.pacing.p99 < lateUs) return null
    return byCpu(context, run) ?? byWindow(context, run)
  }
}

function byCpu({ facts }: ExplainContext, run: RunOutcome): Verdict | null {
  const { cpuSeconds, workers } = run.process
  const cpus = Math.min(workers, facts.before.kernel.cpus ?? workers)
  const busy = cpuSeconds / (run.timing.dialSeconds * cpus)
  if (busy < busyShare) return null
  return {
    severity: 'warning',
    side: 'client',
    title: `this host could not keep the rate: starts were ${figure(late(run))} ms late and its ${figure(cpus)} dialing CPUs ${percent(Math.min(1, busy))} busy, at ${figure(run.timing.connectsPerSecond)}/s`,
    evidence: [
      ...latenessEvidence(run),
      ...fact('process.cpuSeconds', run.process.cpuSeconds),
      ...fact('process.workers', workers),
      ...fact('timing.dialSeconds', run.timing.dialSeconds)
    ],
    remedy: remedy((facts.before.kernel.cpus ?? workers) > workers),
    events: run.connections.attempted
  }
}

/** Little's law: so many handshakes in flight, each taking so long, make at most window / latency a second. */
function byWindow(context: ExplainContext, run: RunOutcome): Verdict | null {
  const { scenario } = context
  const latencyUs = run.connectLatency.mean
  // Lost SYNs fill the window as well; then they are the cause.
  if (scenario === null || latencyUs === 0 || lostSyns(context) > run.connections.attempted / 1000)
    return null
  const most = scenario.window / (latencyUs / 1e6)
  if (most > run.timing.connectsPerSecond * 1.5) return null
  const wanted = Math.max(...scenario.rate.map(({ perSecond }) => perSecond))
  const window = Math.ceil((wanted * latencyUs * 2) / 1e6)
  return {
    severity: 'warning',
    side: 'client',
    title: `${figure(scenario.window)} handshakes in flight at ${figure(latencyUs / 1000)} ms each allow ${figure(most)}/s, less than the ${figure(wanted)}/s asked for`,
    evidence: [
      ...latenessEvidence(run),
      ...fact('scenario.window', scenario.window),
      ...fact('connectLatency.mean', latencyUs)
    ],
    remedy: [`c1m-native dial --window ${window} ...`],
    events: run.connections.attempted
  }
}

const late = (run: RunOutcome) => Math.round((run.pacing?.p99 ?? 0) / 1000)

const latenessEvidence = (run: RunOutcome) => [
  ...fact('pacing.p99', run.pacing?.p99 ?? null),
  ...fact('timing.connectsPerSecond', Math.round(run.timing.connectsPerSecond))
]

function remedy(idleCpus: boolean): string[] {
  return [
    ...(idleCpus ? [advice('let it use the other CPUs: --workers')] : []),
    advice('or spread the run over several hosts:'),
    'c1m-native dial --shard 1/2 ...',
    'c1m-native dial --shard 2/2 ...'
  ]
}
