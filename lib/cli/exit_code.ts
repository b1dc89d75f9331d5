/** From what happened to the exit code scripts rely on. */

import { type ExitCode, exitCodes } from '../base/errors.js'
import type { ErrorTally } from '../engine/engine.js'
import type { RunResult } from '../result/result.js'

/** Codes that speak of this host's limits, whatever call they came from. */
const hostLimits = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL'])

/** How a dial ended. */
export interface DialEnding {
  readonly result: Pick<RunResult, 'scenario' | 'connections' | 'errors' | 'exchange' | 'churn' | 'alive'>
  /** SIGINT, SIGTERM or SIGHUP ended it. */
  readonly interrupted: boolean
  /** A --fail-if held. */
  readonly failed: boolean
}

/** A cause is more than a missed goal: when the goal is missed, the code says why if the errors do. */
export function dialExitCode({ result, interrupted, failed }: DialEnding): ExitCode {
  if (interrupted) return exitCodes.interrupted
  // A peer that is not there has not answered, whatever its connections look like from here.
  const isDead = (result.alive?.disproved ?? 0) > 0
  if (isGoalMet(result) && !isDead) return failed ? exitCodes.goal : exitCodes.ok
  if (result.errors.some(isHostLimit)) return exitCodes.hostLimit
  if (isDead || result.errors.some(({ phase }) => phase === 'connect' || phase === 'timeout'))
    return exitCodes.target
  return exitCodes.goal
}

/**
 * A run that holds has established what was asked for and lost none of it, one that churns has done something and failed
 * at nothing; and where something is said, no answer was missing.
 */
function isGoalMet({ scenario, connections, errors, exchange, churn }: DialEnding['result']): boolean {
  const { requested, established, failed, closedByPeer } = connections
  if (errors.some(({ phase }) => phase === 'exchange')) return false
  if (churn) return churn.transactions > 0 && failed === 0
  const kept = scenario.holdMs > 0 ? established - closedByPeer : established
  return kept >= requested && (exchange === null || exchange.completed >= requested)
}

/** How a listener ended. */
export interface ListenEnding {
  readonly errors: readonly Pick<ErrorTally, 'phase' | 'code'>[]
  readonly interrupted: boolean
}

/** A listener has no goal but to accept what comes. */
export function listenExitCode({ errors, interrupted }: ListenEnding): ExitCode {
  if (interrupted) return exitCodes.interrupted
  return errors.some(isHostLimit) ? exitCodes.hostLimit : exitCodes.ok
}

function isHostLimit({ phase, code }: Pick<ErrorTally, 'phase' | 'code'>): boolean {
  return phase === 'socket' || phase === 'bind' || hostLimits.has(code)
}
