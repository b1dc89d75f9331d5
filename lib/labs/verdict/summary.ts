/** Summarizes the runs of a step. Pure. */
import type { RunResult } from '../../result/result.js'
import { curveOf } from './curve.js'
import type { StepResult } from './lab_result.js'

/** The figures of runs that ran at the same time, as if they were one. */
export function summarize(
  runs: readonly RunResult[]
): Pick<StepResult, 'promptPerSecond' | 'connections' | 'curve'> {
  const sum = (figure: (run: RunResult) => number) => runs.reduce((total, run) => total + figure(run), 0)
  return {
    promptPerSecond: sum((run) => (run.connectLatency.withoutSynRetry.count - shed(run)) / busySeconds(run)),
    connections: {
      // A churn requests as many connections as it has time for.
      requested: sum(({ connections, churn }) =>
        churn ? connections.established + connections.failed : connections.requested
      ),
      stood: sum((run) => run.connections.established - shed(run)),
      delayed: sum(({ retransmits }) => retransmits.connectionsWithSynRetry),
      failed: sum(({ connections }) => connections.failed),
      shed: sum(shed)
    },
    curve: curveOf(runs.map(({ series }) => series))
  }
}

/** Connections that the peer ended although they were to be held. In a churn the peer may end them. */
function shed({ connections, churn }: RunResult): number {
  return churn ? 0 : connections.closedByPeer
}

/** A busy machine may keep a process off its CPU for this long, which says nothing about the network. */
const slackSeconds = 0.5

/** Seconds of dialing, less the delay that a busy machine may add to the schedule. */
function busySeconds({ scenario, connections, churn, timing: { dialSeconds } }: RunResult): number {
  const rate = scenario.rate[0]?.perSecond
  if (churn || rate === undefined) return dialSeconds
  const scheduled = Math.min(dialSeconds, connections.requested / rate)
  return Math.max(scheduled, dialSeconds - slackSeconds)
}
