/** The tuple space of a plan: how many 4-tuples there are, what spans them and what takes of them. */
import { countAddresses } from '../net/address.js'
import type { NatPlan } from '../scenario/nat.js'
import { countDestinations, type DialScenario } from '../scenario/scenario.js'
import { countPorts, type PortsKeptBack } from '../scenario/source_ports.js'
import { portsInShard } from '../scenario/tuples.js'

/** Capacity is source addresses x source ports x destinations; a NAT may allow less. */
export interface PlannedTuples {
  /** Distinct 4-tuples the run may use; no larger than Number.MAX_SAFE_INTEGER. */
  capacity: number
  sourceAddresses: number
  /** Source ports of each address, of this shard. */
  sourcePorts: number
  /** Pairs of destination address and port; in a self-dial its own listeners. */
  destinations: number
  /** Ports of the range that `ip_local_reserved_ports` keeps back; null where that is unknown. */
  reservedPorts: number | null
  /** Ephemeral ports left to other programs on the host. */
  portsLeftToOthers: number
  /** Ports left to the other shards. */
  portsOfOtherShards: number
  /** Bound of a NAT that was described; null: none was. */
  natTuples: number | null
  /** TCP sockets in this namespace now, each of which may hold a port; null where they cannot be counted. */
  otherSockets: number | null
}

/** What else bounds the tuple space. */
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
