/** The tuple space of a plan: its number of 4-tuples, their dimensions, and the ports that are not available. */
import { countAddresses } from '../net/address.js'
import type { NatPlan } from '../scenario/nat.js'
import { countDestinations, type DialScenario } from '../scenario/scenario.js'
import { countPorts, type PortsKeptBack } from '../scenario/source_ports.js'
import { portsInShard } from '../scenario/tuples.js'

/** The capacity is source addresses x source ports x destinations; a NAT may lower it. */
export interface PlannedTuples {
  /** Distinct 4-tuples the run may use; at most Number.MAX_SAFE_INTEGER. */
  capacity: number
  sourceAddresses: number
  /** Source ports per address in this shard. */
  sourcePorts: number
  /** Pairs of destination address and port; in a self-dial those of its own listeners. */
  destinations: number
  /** Ports of the range that are reserved by `ip_local_reserved_ports`; null if unknown. */
  reservedPorts: number | null
  /** Ephemeral ports left to other programs on the host. */
  portsLeftToOthers: number
  /** Ports left to the other shards. */
  portsOfOtherShards: number
  /** Limit of the NAT described in the options; null without one. */
  natTuples: number | null
  /** TCP sockets in this namespace now, each of which may hold a port; null if they cannot be counted. */
  otherSockets: number | null
}

/** Other limits of the tuple space. */
export interface TupleBounds extends Pick<PlannedTuples, 'otherSockets'> {
  keptBack: PortsKeptBack
  nat: NatPlan | null
}

export function planTuples(
  scenario: DialScenario,
  { keptBack, otherSockets, nat }: TupleBounds
): PlannedTuples {
  const { tuples, sources, sourcePorts, shardIndex, shardCount } = scenario
  const ports = countPorts(sourcePorts)
  const ofShard = portsInShard(ports, shardIndex, shardCount)
  return {
    capacity: Math.min(tuples, nat?.tuples ?? tuples),
    sourceAddresses: Number(countAddresses(sources)),
    sourcePorts: ofShard,
    destinations: countDestinations(scenario),
    reservedPorts: keptBack.reserved,
    portsLeftToOthers: keptBack.leftToOthers,
    portsOfOtherShards: ports - ofShard,
    natTuples: nat?.tuples ?? null,
    otherSockets
  }
}
