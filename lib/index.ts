/** The public API. Importing it loads no addon; the first run does. */

// Opening connections.

export { type DialRun, dial } from './dial/dial.js'
export type { DialPhase, Snapshot } from './dial/snapshot.js'
export type { Census, CensusColumns } from './engine/census.js'
export type { CloseMode } from './engine/modes.js'
export type { AddressRange } from './net/address.js'
export type { UnsettledAddress } from './net/local_addresses.js'
export type { AddressChoice } from './net/names.js'
export type { Target } from './net/target.js'
export type { OtherAddresses } from './net/targets.js'
export { tcpOptions, tcpStates } from './net/tcp_names.js'
export type { ChurnOptions, CloseBy } from './scenario/churn.js'
export type { ExchangeOptions, ExchangeScenario } from './scenario/exchange.js'
export type { NatLimit, NatNeeds, NatOptions, NatPlan } from './scenario/nat.js'
export type { DialOptions, SnapshotOptions } from './scenario/options.js'
export type { RampPoint } from './scenario/ramp.js'
export type { DialScenario } from './scenario/scenario.js'
export type { ChosenSocketOptions, SocketOptions } from './scenario/socket_options.js'
export type { PortRange } from './scenario/source_ports.js'

// The result of a dial.

export type { ErrorPhase, ErrorTally, TargetCounts } from './engine/engine.js'
export type { Distribution, Latency, LatencyBuckets } from './engine/latency.js'
export type { CounterChange, CounterChanges } from './host/counters.js'
export type { ResultHost } from './host/result_host.js'
export type { Memory } from './host/usage.js'
export type * from './result/census_result.js'
export type * from './result/exchange_result.js'
export type * from './result/finding.js'
export type * from './result/result.js'
export { SCHEMA } from './result/result.js'

// Accepting connections.

export type { ListenMode } from './engine/modes.js'
export { type ListenResult, type ListenServer, type ListenSnapshot, listen } from './listen/listen.js'
export type { ListenOptions } from './scenario/options.js'
export type { ListenScenario } from './scenario/scenario.js'

// Looking at a server from beside it.

export type { ListeningSocket, PortSockets, SocketSurvey } from './engine/sockets.js'
export type { SocketOwner } from './host/socket_owner.js'
export type { DropSite, DropSummary } from './observe/drops.js'
export type { ListenerFill } from './observe/listener_fill.js'
export { type Watch, type WatchOptions, watch } from './watch/watch.js'
export type * from './watch/watch_result.js'
export { WATCH_SCHEMA } from './watch/watch_result.js'

// Planning a dial, and judging a host for one.

export type { Prediction } from './checks/index.js'
export type { Application, Applied } from './doctor/apply.js'
export {
  DOCTOR_SCHEMA,
  type DoctorOptions,
  type DoctorReport,
  doctor,
  revertDoctor
} from './doctor/doctor.js'
export type { Goal, GoalOptions, Role } from './doctor/goal.js'
export type { LeftAlone, Reversion } from './doctor/revert.js'
export type { Binding, Setting, Step } from './doctor/steps.js'
export type { Scope } from './doctor/sysctls.js'
export type { NatTuples } from './host/nat_arithmetic.js'
export type { Restored } from './host/sysctl/put_back.js'
export type { PlannedTime } from './plan/dial_time.js'
export { PLAN_SCHEMA, type Plan, type PlannedMemory, type PlanOptions, plan } from './plan/plan.js'
export type { PlannedTuples } from './plan/tuple_space.js'
export type { Needs } from './scenario/needs.js'

// Limits and settings of a host.

export type { CgroupFacts } from './host/cgroup.js'
export type { ConntrackFacts } from './host/conntrack.js'
export type { HostFacts } from './host/facts.js'
export type { FactsOfHosts } from './host/facts_file.js'
export type { KernelFacts, KernelVersion } from './host/kernel.js'
export type { LimitFacts } from './host/limits.js'
export type { MemoryFacts } from './host/memory.js'
export type { NetworkFacts } from './host/network.js'
export type { PortFacts } from './host/ports.js'
export type { Limit, UnknownReason } from './host/proc_reader.js'
export type { TcpFacts } from './host/tcp.js'

// Numbers by the values they can have.

export type { Amount, Count, Port, Timestamp } from './base/quantities.js'

// Errors.

export { C1mError, type ErrorCode, type ExitCode, exitCodes } from './base/errors.js'
