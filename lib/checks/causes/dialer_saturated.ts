import { defineCheck, type ExplainContext, type RunOutcome, type Verdict } from '../context.js'
import { fact, figure, percent } from '../evidence.js'
import { advice, command, type Remedy } from '../remedy.js'
import { lostSyns } from '../symptoms.js'

/** Lateness of the latest hundredth of connection starts, from which on the schedule was not kept. */
const lateUs = 50_000

/** Share of its CPUs a dialer may use before they are what binds. */
const busyShare = 0.8

/** Lateness of the median start, from which on a dialer is behind all the time. */
const mostLateUs = 10_000

/** Share of dialing that its threads may wait for a CPU before that is the reason for their lateness. */
const waitingShare = 0.3

/** Connects a second one CPU does at best: 10 to 14 us each with both ends on it, about half with one. */
export const connectsPerCpu = { bothEnds: 100_000, oneEnd: 200_000 }

/**
 * We are the bottleneck: the rate asked for was not kept, and the reason is this process, its CPUs or its window of
 * handshakes in flight. Without a rate the dialer always goes as fast as it can, which is no finding.
 */
export const dialerSaturated = defineCheck({
  id: 'dialer-saturated',
  rank: 210,
  concerns: 'dialer',
  about: {
    summary:
      'Connections start later than the rate asks for, and the reason is on the dialing host: dialing uses all of its CPU time, other processes use it, or the window of handshakes in flight is too small for the round trip.',
    evidence:
      'A hundredth of the starts was late by 50 ms or more, and one of these holds: the CPU time of the process until the last handshake ended fills the CPUs that it may use; its threads were ready to run and waited for a CPU, by the figures of the scheduler; the window divided by the mean latency is less than the rate, without lost SYNs. A plan compares the rate with what the CPUs can do at best.',
    remedy:
      'Let the dial use all CPUs (`--workers`), or spread the run over several hosts with the `--shard` lines; where the window is too small, raise `--window` as the line says. Where other processes use the CPUs, the `nice` line gives the dial precedence. To stop other processes, and to raise a CPU limit of the control group, are advice.',
    mistakenFor:
      'A slow target: a schedule does not wait for answers. Without a rate the dialer goes as fast as it can, which is not a finding.'
  },

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
    return byCpu(context, run) ?? byWaiting(context, run) ?? byWindow(context, run)
  }
})

function byCpu({ facts }: ExplainContext, run: RunOutcome): Verdict | null {
  const { dialing, workers } = run.process
  const { cpuSeconds } = dialing
  const cpus = Math.min(workers, facts.before.kernel.cpus ?? workers)
  const busy = cpuSeconds / (run.timing.dialSeconds * cpus)
  if (busy < busyShare) return null
  return {
    severity: 'warning',
    side: 'client',
    title: `this host could not keep the rate: starts were ${figure(late(run))} ms late and its ${figure(cpus)} dialing CPUs ${percent(Math.min(1, busy))} busy, at ${figure(run.timing.connectsPerSecond)}/s`,
    evidence: [
      ...latenessEvidence(run),
      ...fact('process.dialing.cpuSeconds', cpuSeconds),
      ...fact('process.workers', workers),
      ...fact('timing.dialSeconds', run.timing.dialSeconds)
    ],
    remedy: remedy((facts.before.kernel.cpus ?? workers) > workers),
    events: run.connections.attempted
  }
}

/** The scheduler let this process's threads wait for a CPU, because others ran on it. */
function byWaiting({ facts }: ExplainContext, run: RunOutcome): Verdict | null {
  const { dialing, workers } = run.process
  const { waitedSeconds, otherSeconds, cpuSeconds } = dialing
  const { dialSeconds } = run.timing
  if (waitedSeconds === null || otherSeconds === null) return null
  // A stall now and then is not a rate that cannot be kept: then most starts are late.
  if (run.pacing === null || run.pacing.p50 < mostLateUs) return null
  if (waitedSeconds < waitingShare * dialSeconds * workers) return null
  // While a thread waits, another one runs: one of ours, of another process, or none, where a quota holds it back.
  const byOthers = otherSeconds >= waitedSeconds / 2
  const waited = `the threads of this process waited ${figure(Number(waitedSeconds.toFixed(2)))} s for a CPU in ${figure(Number(dialSeconds.toFixed(2)))} s of dialing with ${figure(workers)} workers`
  return {
    severity: 'warning',
    side: 'client',
    title: byOthers
      ? `this host could not keep the rate: other processes took the CPUs: ${waited}`
      : `this host could not keep the rate: ${waited}, while other processes used ${figure(Number(otherSeconds.toFixed(2)))} s`,
    evidence: [
      ...latenessEvidence(run),
      ...fact('process.dialing.waitedSeconds', waitedSeconds),
      ...fact('process.dialing.otherSeconds', otherSeconds),
      ...fact('process.dialing.cpuSeconds', cpuSeconds),
      ...fact('timing.dialSeconds', dialSeconds),
      ...fact('cpus', facts.before.kernel.cpus)
    ],
    remedy: byOthers
      ? [
          advice('end what else runs on this host, or give this process precedence:'),
          command('nice -n -10 c1m-native dial ...')
        ]
      : [
          advice(
            'look for a CPU limit of the control group (cpu.max), and for more workers than CPUs (--workers)'
          )
        ],
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
    remedy: [command(`c1m-native dial --window ${window} ...`)],
    events: run.connections.attempted
  }
}

const late = (run: RunOutcome) => Math.round((run.pacing?.p99 ?? 0) / 1000)

const latenessEvidence = (run: RunOutcome) => [
  ...fact('pacing.p99', run.pacing?.p99 ?? null),
  ...fact('timing.connectsPerSecond', Math.round(run.timing.connectsPerSecond))
]

function remedy(idleCpus: boolean): Remedy[] {
  return [
    ...(idleCpus ? [advice('let it use the other CPUs: --workers')] : []),
    advice('or spread the run over several hosts:'),
    command('c1m-native dial --shard 1/2 ...'),
    command('c1m-native dial --shard 2/2 ...')
  ]
}
