/** The public API. Importing it loads no addon; the first run does. */

export { C1mError, type ErrorCode, type ExitCode, exitCodes } from './base/errors.js'
export { type DialRun, dial } from './dial/dial.js'
export type { DialPhase, Snapshot } from './dial/snapshot.js'
export {
  DOCTOR_SCHEMA,
  type DoctorOptions,
  type DoctorReport,
  doctor,
  revertDoctor
} from './doctor/doctor.js'
export type { Census, CensusColumns } from './engine/census.js'
export type { ErrorPhase, ErrorTally } from './engine/engine.js'
export type { Latency } from './engine/latency.js'
export type { CloseMode, ListenMode } from './engine/modes.js'
export type { ListeningSocket, PortSockets, SocketSurvey } from './engine/sockets.js'
export type { CounterChange } from './host/counters.js'
export type { HostFacts } from './host/facts.js'
export type { FactsOfHosts } from './host/facts_file.js'
export type { ResultHost } from './host/result_host.js'
export type { Memory } from './host/usage.js'
export { type ListenResult, type ListenServer, type ListenSnapshot, listen } from './listen/listen.js'
export { tcpOptions, tcpStates } from './net/tcp_names.js'
export type { DropSite, DropSummary } from './observe/drops.js'
export { PLAN_SCHEMA, type Plan, type PlanOptions, plan } from './plan/plan.js'
export type * from './result/result.js'
export { SCHEMA } from './result/result.js'
export type { ChurnOptions, CloseBy } from './scenario/churn.js'
export type { ExchangeOptions, ExchangeScenario } from './scenario/exchange.js'
export type { DialOptions, ListenOptions, SnapshotOptions } from './scenario/options.js'
export type { DialScenario, ListenScenario } from './scenario/scenario.js'
export { type Watch, type WatchOptions, watch } from './watch/watch.js'
export type * from './watch/watch_result.js'
export { WATCH_SCHEMA } from './watch/watch_result.js'
