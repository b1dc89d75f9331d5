/** The public API. Importing it loads no addon; the first run does. */
export type { Census, CensusColumns } from './census.js'
export type { ChurnOptions, CloseBy } from './churn.js'
export { type DialRun, dial } from './dial.js'
export { DOCTOR_SCHEMA, type DoctorOptions, type DoctorReport, doctor, revertDoctor } from './doctor.js'
export type { DropSite, DropSummary } from './drops.js'
export { C1mError, type ErrorCode, type ExitCode, exitCodes } from './errors.js'
export type { ExchangeOptions, ExchangeScenario } from './exchange.js'
export type { HostFacts } from './host/facts.js'
export type { FactsOfHosts } from './host/facts_file.js'
export { type ListenResult, type ListenServer, type ListenSnapshot, listen } from './listen.js'
export { PLAN_SCHEMA, type Plan, type PlanOptions, plan } from './plan.js'
export type * from './result.js'
export { SCHEMA } from './result.js'
export type {
  CloseMode,
  DialOptions,
  DialScenario,
  ListenMode,
  ListenOptions,
  ListenScenario
} from './scenario.js'
export type { DialPhase, Snapshot } from './snapshot.js'
export type { ListeningSocket, PortSockets, SocketSurvey } from './sockets.js'
export { tcpOptions, tcpStates } from './tcp_names.js'
export { type Watch, type WatchOptions, watch } from './watch.js'
export type * from './watch_result.js'
export { WATCH_SCHEMA } from './watch_result.js'
