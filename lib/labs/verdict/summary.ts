/** Runs of an act as one. Pure. */
import type { RunResult } from '../../result/result.js'
import { curveOf } from './curve.js'
import type { ActResult } from './lab.js'

/** Runs that went on side by side, as one. */
export function sumUp(
  runs: readonly RunResult[]
): Pick<ActResult, 'promptPerSecond' | 'connections' | 'curve'> {
  const sum = (figure: (run: RunResult) => number) => runs.reduce((total, run) => total + figure(run), 0)
  return {
    promptPerSecond: sum((run) => (run.connectLatency.withoutSynRetry.count - shed(run)) / busySeconds(run)),
    connections: {
      // A churn asks for as many as there is time for.
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

/** Connections the peer ended although they were to be held; in a churn they are to end. */
function shed({ connections, churn }: RunResult): number {
  return churn ? 0 : connections.closedByPeer
}

/** A busy machine may keep a process off its CPU as long as this, which says nothing about the network. */
const slackSeconds = 0.5

/** Seconds of dialing, less what chance may have added to the schedule. */
function busySeconds({ scenario, connections, churn, timing: { dialSeconds } }: RunResult): number {
  const rate = scenario.rate[0]?.perSecond
  if (churn || rate === undefined) return dialSeconds
  const scheduled = Math.min(dialSeconds, connections.requested / rate)
  return Math.max(scheduled, dialSeconds - slackSeconds)
}
