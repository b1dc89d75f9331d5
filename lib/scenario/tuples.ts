import { C1mError, type WriteOption } from '../base/errors.js'
import { formatNumber } from '../base/units.js'
import { type AddressRange, countAddresses } from '../net/address.js'
import { countPorts, everyPort, type PortRange } from './source_ports.js'

/** What spans a tuple space: every source address with every source port of the shard with every destination. */
export interface TupleSpace {
  sources: readonly AddressRange[]
  sourcePorts: readonly PortRange[]
  /** Slice of the source ports, from 0: those whose index modulo `shardCount` equals it. */
  shardIndex: number
  shardCount: number
  /** Pairs of destination address and port; in a self-dial, its own listeners. */
  destinations: number
}

/** How many of `ports` ports fall to a shard: those whose index modulo `shardCount` equals `shardIndex`. */
export function portsInShard(ports: number, shardIndex: number, shardCount: number): number {
  return Math.max(0, Math.ceil((ports - shardIndex) / shardCount))
}

/** Distinct 4-tuples in the space, no larger than Number.MAX_SAFE_INTEGER. */
export function countTuples({
  sources,
  sourcePorts,
  shardIndex,
  shardCount,
  destinations
}: TupleSpace): number {
  const ports = portsInShard(countPorts(sourcePorts), shardIndex, shardCount)
  const tuples = countAddresses(sources) * BigInt(ports) * BigInt(destinations)
  return Number(tuples < Number.MAX_SAFE_INTEGER ? tuples : Number.MAX_SAFE_INTEGER)
}

/**
 * Checks that every connection can have a tuple of its own.
 * @throws C1mError C1M_TUPLES_EXHAUSTED, saying what to add
 */
export function checkTuples(connections: number, space: TupleSpace & { selfDial: boolean }): void {
  const tuples = countTuples(space)
  if (connections <= tuples) return
  const allPorts = countPorts(space.sourcePorts)
  const ports = portsInShard(allPorts, space.shardIndex, space.shardCount)
  const addresses = Number(countAddresses(space.sources))
  const factors = [
    counted(addresses, 'source address', 'source addresses'),
    counted(ports, 'source port', 'source ports'),
    space.selfDial
      ? counted(space.destinations, 'listener', 'listeners')
      : counted(space.destinations, 'destination', 'destinations')
  ].join(' x ')
  throw new C1mError(
    'C1M_TUPLES_EXHAUSTED',
    `${formatNumber(connections)} connections need as many 4-tuples, and there are ${formatNumber(tuples)}: ${factors}`,
    { hint: (option) => remedy(connections, space, { addresses, ports, allPorts }, option) }
  )
}

function counted(n: number, one: string, many: string): string {
  return `${formatNumber(n)} ${n === 1 ? one : many}`
}

function remedy(
  connections: number,
  space: TupleSpace & { selfDial: boolean },
  have: { addresses: number; ports: number; allPorts: number },
  option: WriteOption
): string {
  const { addresses, ports, allPorts } = have
  if (ports === 0) return `Use at most ${allPorts} shards, or more source ports (${option('sourcePorts')}).`
  const sources = Math.ceil(connections / (ports * space.destinations))
  const destinations = Math.ceil(connections / (ports * addresses))
  const ways = [`${formatNumber(sources)} source addresses (${option('source', ['A-B'])})`]
  if (!space.selfDial) ways.push(`${formatNumber(destinations)} destination ports (host:port-port)`)
  const portsNeeded = Math.ceil(connections / (addresses * space.destinations)) * space.shardCount
  if (portsNeeded <= countPorts([everyPort]))
    ways.push(`${formatNumber(portsNeeded)} source ports (${option('sourcePorts')})`)
  if (space.shardCount > 1) ways.push(`fewer shards (${option('shard')})`)
  return `Use ${ways.join(' or ')}.`
}
