/** A plan for a person. */

import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { HostFacts } from '../host/facts.js'
import type { Plan } from '../plan/plan.js'
import { hasNoConntrack, type Needs } from '../scenario/needs.js'
import { destination } from './destination.js'
import { binding, notKnown, predictionParagraphs, unhindered } from './finding_text.js'
import { headline, page, plural, type Section, sectionLines } from './layout.js'
import { type Paint, plain } from './paint.js'
import { unbounded } from './wrap.js'

/** What a dial takes, what will stop it, and what is not known. Ends in a newline. A pure function of the plan. */
export function planReport(plan: Plan, paint: Paint = plain, width = unbounded): string {
  const sections: Section[] = [
    ['tuples', tuples(plan)],
    ['descriptors', descriptors(plan)],
    ['memory', [memory(plan)]],
    ['conntrack', [conntrack(plan.needs.client, plan.facts.client)]],
    ['server', server(plan)],
    ['time', time(plan)],
    ['NAT', nat(plan)]
  ]
  return page([
    ...summary(plan, paint, width),
    '',
    ...sectionLines(sections, paint, width),
    ...predictionParagraphs(plan.findings, paint, width),
    ...notKnown(plan.unknown, paint, width)
  ])
}

function summary({ scenario, fits, findings }: Plan, paint: Paint, width: number): string[] {
  const what = `${formatNumber(scenario.connections)} connections to ${destination(scenario)}`
  if (!fits) return headline('red', `${what} will not do: ${binding(findings)}.`, paint, width)
  return headline('green', `${what}: ${unhindered(findings)}.`, paint, width)
}

function tuples({ tuples, scenario }: Plan): string[] {
  const { capacity, sourceAddresses, sourcePorts, destinations, natTuples } = tuples
  const factors = [
    plural(sourceAddresses, 'source address', 'es'),
    plural(sourcePorts, 'source port'),
    plural(destinations, scenario.selfDial ? 'listener' : 'destination')
  ].join(' x ')
  const taken = [
    tuples.reservedPorts ? `${plural(tuples.reservedPorts, 'port')} reserved on this host` : '',
    tuples.portsLeftToOthers
      ? `${plural(tuples.portsLeftToOthers, 'ephemeral port')} left to other programs`
      : '',
    tuples.portsOfOtherShards ? `${plural(tuples.portsOfOtherShards, 'port')} left to other shards` : '',
    natTuples !== null && natTuples <= capacity ? `the NAT has ${formatNumber(natTuples)} for them` : ''
  ].filter((text) => text !== '')
  return [
    `${formatNumber(capacity)} for ${formatNumber(scenario.connections)}: ${factors}`,
    ...(taken.length > 0 ? [taken.join(', ')] : [])
  ]
}

function descriptors({ needs: { client }, tables }: Plan): string[] {
  const { descriptors, descriptorsPerTable } = client
  const room = formatNumber(client.tables * descriptorsPerTable)
  return [
    client.tables === 1
      ? `${formatNumber(descriptors)} of ${room}: one table for all threads`
      : `${formatNumber(descriptors)} of ${room}: ${plural(tables, 'table')} of ${formatNumber(descriptorsPerTable)}, of ${formatNumber(client.tables)}`
  ]
}

function memory({ memory: { kernelBytes, residentBytes }, facts: { client } }: Plan): string {
  return `about ${approximateBytes(kernelBytes)} of kernel memory${available(client)}, ${approximateBytes(residentBytes)} resident`
}

function available({ memory: { availableBytes } }: HostFacts): string {
  return availableBytes === null ? '' : ` (${approximateBytes(availableBytes)} available)`
}

function conntrack({ conntrackEntries }: Needs, facts: HostFacts): string {
  const { count, max, buckets } = facts.conntrack
  if (conntrackEntries === 0) return max === null && !hasNoConntrack(facts) ? 'unknown' : 'nothing is tracked'
  const known = [
    count === null ? '' : `${formatNumber(count)} there now`,
    max === null ? '' : `nf_conntrack_max ${formatNumber(max)}`,
    buckets === null ? '' : `${formatNumber(buckets)} buckets`
  ].filter((text) => text !== '')
  return `${formatNumber(conntrackEntries)} entries (${known.join(', ')})`
}

function server({ needs, facts }: Plan): string[] {
  if (!needs.server || !facts.server) return []
  return [
    `conntrack: ${conntrack(needs.server, facts.server)}`,
    `about ${approximateBytes(needs.server.kernelMemoryBytes)} of kernel memory${available(facts.server)}`
  ]
}

function time({ time, scenario, needs: { client } }: Plan): string[] {
  const { dialSeconds, atBestSeconds, holdSeconds, boundSeconds } = time
  const seconds = (value: number) => approximateDurationUs(value * 1e6)
  const pace = scenario.rate.length > 1 ? 'up to ' : ''
  if (scenario.churn) {
    const rate =
      client.ratePerSecond === null
        ? ', as fast as possible'
        : ` at ${pace}${approximateRate(client.ratePerSecond)}`
    return [`${seconds(boundSeconds ?? 0)} of churn${rate}`]
  }
  const dialing =
    dialSeconds === null || client.ratePerSecond === null
      ? `${seconds(atBestSeconds)} at best, as fast as possible`
      : `${seconds(dialSeconds)} at ${pace}${approximateRate(client.ratePerSecond)}`
  const holding = holdSeconds > 0 ? `, then held for ${seconds(holdSeconds)}` : ''
  const tooLong = boundSeconds !== null && boundSeconds < (dialSeconds ?? atBestSeconds) + holdSeconds
  return [
    `${dialing}${holding}`,
    ...(tooLong ? [`cut short by --duration after ${seconds(boundSeconds)}`] : [])
  ]
}

function nat({ nat }: Plan): string[] {
  if (!nat) return []
  const { firstPort, lastPort, ports, sourceAddresses, destinations, tuples, limits } = nat
  return [
    `${formatNumber(tuples)} 5-tuples: ${plural(sourceAddresses, 'source address', 'es')} x ${plural(ports, 'port')} (${firstPort}-${lastPort}) x ${plural(destinations, 'destination')}`,
    ...limits.map(
      ({ rememberedBy, lifetimeSeconds, perSecond }) =>
        `${formatNumber(Math.floor(perSecond))}/s at most while ${rememberedBy} remembers each for ${formatNumber(lifetimeSeconds)} s`
    )
  ]
}
