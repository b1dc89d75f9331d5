import type { LabResult, Observation, StepResult } from '../../../lib/labs/verdict/lab_result.js'
import type { Finding } from '../../../lib/result/finding.js'
import { exampleResult } from '../../helpers/example_result.js'

export function observation(id: string, by = 'watch in server', changes: Partial<Finding> = {}): Observation {
  return {
    by,
    finding: {
      id,
      severity: 'critical',
      side: 'server',
      title: `this is ${id}`,
      evidence: [{ name: 'TcpExt.ListenOverflows', before: 0, after: 7 }],
      remedy: ['# do something'],
      ...changes
    } as Finding
  }
}

/** A step without failures, except for `changes`. */
export function step(changes: Partial<StepResult> = {}): StepResult {
  return {
    name: 'healthy',
    role: 'healthy',
    text: 'All is well.',
    times: 1,
    promptPerSecond: 500,
    connections: { requested: 1000, stood: 1000, delayed: 0, failed: 0, shed: 0 },
    curve: { everySeconds: 0.25, perSecond: [500, 500, 500, 500] },
    observed: [],
    named: [],
    counters: {},
    sign: { counter: 'TcpExt.ListenOverflows', moved: 0 },
    firstSignSeconds: null,
    namedSeconds: null,
    ...changes
  }
}

export const broken = step({
  name: 'pausing',
  role: 'broken',
  text: 'It pauses.',
  promptPerSecond: 13,
  connections: { requested: 1000, stood: 65, delayed: 3, failed: 935, shed: 0 },
  curve: { everySeconds: 0.25, perSecond: [260, 0, 0, 0, 0, 0, 0, 0] },
  observed: [observation('accept-queue-overflow'), observation('syn-unanswered', 'dial in client')],
  named: ['accept-queue-overflow'],
  counters: { server: { 'TcpExt.ListenOverflows': 7 } },
  sign: { counter: 'TcpExt.ListenOverflows', moved: 7 },
  firstSignSeconds: 0.5,
  namedSeconds: 1.25
})

export const remedied = step({ name: 'backlog 4096', role: 'remedy', text: 'A longer queue.' })

export function labResult(changes: Partial<LabResult> = {}): LabResult {
  return {
    schema: 'c1m-native/lab-result@1',
    version: '0.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    name: 'accept-queue',
    summary: 'a server that pauses',
    host: exampleResult().host,
    parameters: { connections: 1000, ipv6: false },
    expected: 'accept-queue-overflow',
    ok: true,
    failures: [],
    acts: [step(), broken, remedied],
    figures: [{ name: 'share of handshakes delayed', value: 12, unit: ' %' }],
    totalSeconds: 12.3,
    ...changes
  }
}
