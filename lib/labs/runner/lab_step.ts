/** A step of a lab as data, and what can be told from it before it runs. Pure. */
import type { CounterName } from '../../host/counter_names.js'
import type { LabChange, Network } from '../sandbox/lab_network.js'
import type { Topology } from '../sandbox/topology.js'
import type { StepRole } from '../verdict/lab_result.js'

/** A load on a state of the network. `in` is the short name of a namespace. */
export interface Step {
  readonly name: string
  readonly role: StepRole
  readonly text: string
  /** Namespaces to build first; without it, those of the step before stay. */
  readonly topology?: Topology
  /** Changes to make before the load starts, in this order. */
  readonly changes?: readonly LabChange[]
  /** Servers from this step on; without it, those of the step before keep running. */
  readonly servers?: readonly Server[]
  /** Dials that hold their connections while the load runs. */
  readonly beside?: readonly Load[]
  /** Dials whose connections count. */
  readonly load: readonly Load[]
  /** Namespaces in which `watch` runs; by default those of the servers. */
  readonly watched?: readonly string[]
  /** Runs beside the load, until `over` resolves. */
  readonly meanwhile?: (network: Network, over: Promise<unknown>) => Promise<void>
  /** The load as a multiple of the healthy step's load. Default 1. */
  readonly times?: number
  /** A counter whose first movement is the first sign of trouble, in a namespace where a watch or a dial runs. */
  readonly sign?: { readonly in: string; readonly counter: CounterName }
}

/** A process that accepts connections: `c1m-native listen` with these arguments, or a program that prints a line. */
export type Server = {
  readonly in: string
  /** Stopped by SIGSTOP once it listens, like a long pause: the kernel completes handshakes, but no process accepts. */
  readonly asleep?: boolean
} & ({ readonly listen: readonly string[] } | { readonly argv: readonly string[] })

/** A `c1m-native dial` with these arguments. */
export interface Load {
  readonly in: string
  readonly dial: readonly string[]
}

/** Programs that these steps run, beyond those that every lab needs. */
export function toolsOf(steps: readonly Step[]): string[] {
  const rules = steps.flatMap(({ topology, changes = [] }) => [
    ...Object.values(topology?.namespaces ?? {}).map((namespace) => namespace.rules),
    ...changes.map((change) => ('rules' in change ? change.rules : undefined))
  ])
  const argvs = steps.flatMap(({ changes = [], servers = [] }) => [
    ...changes.flatMap((change) => ('run' in change ? [change.run] : [])),
    ...servers.flatMap((server) => ('argv' in server ? [server.argv] : []))
  ])
  const loadsRules = rules.some((text) => text !== undefined)
  return unique([...(loadsRules ? ['nft'] : []), ...argvs.map(([program = '']) => program)])
}

/** Sysctls of the whole host that these steps change. */
export function hostSysctlsOf(steps: readonly Step[]): string[] {
  return unique(
    steps.flatMap(({ changes = [] }) =>
      changes.flatMap((change) => ('host' in change ? Object.keys(change.host) : []))
    )
  )
}

const unique = (values: readonly string[]) => [...new Set(values)]
