/** A plan for a person. */

import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { Prediction } from '../checks/index.js'
import type { HostFacts } from '../host/facts.js'
import { formatTarget } from '../net/targets.js'
import type { Plan } from '../plan/plan.js'
import { hasNoConntrack, type Needs } from '../scenario/needs.js'
import { describeFinding, type Paint } from './text.js'

const plain: Paint = (_, text) => text

/** Targets that are named; the rest are counted. */
const maxTargets = 3

/** What a dial takes, what will stop it, and what is not known. Ends in a newline. A pure function of the plan. */
export function planReport(plan: Plan, paint: Paint = plain): string {
  const sections: [label: string, lines: string[]][] = [
    ['tuples', tuples(plan)],
    ['descriptors', descriptors(plan)],
    ['memory', [memory(plan)]],
    ['conntrack', [conntrack(plan.needs.client, plan.facts.client)]],
    ['server', server(plan)],
    ['time', time(plan)],
    ['NAT', nat(plan)]
  ]
  const width = Math.max(...sections.map(([label]) => label.length)) + 2
  const lines = sections.flatMap(([label, texts]) =>
    texts.map((text, i) => `${paint('dim', (i === 0 ? label : '').padEnd(width))}${text}`)
  )
  return `${[headline(plan, paint), '', ...lines, ...predictions(plan.findings, paint), ...unknown(plan.unknown, paint)].join('\n')}\n`
}

function headline({ scenario, fits, findings }: Plan, paint: Paint): string {
  const what = `${formatNumber(scenario.connections)} connections to ${destination(scenario.targets)}`
  if (!fits) return paint('bold', paint('red', `${what} will not do: ${binding(findings)}.`))
  return paint('bold', paint('green', `${what}: ${unhindered(findings)}.`))
}

/** That a goal fits, and whether there is something to read all the same. */
export function unhindered(findings: readonly Prediction[]): string {
  return `nothing known will stop them${findings.length === 0 ? '' : `, ${count(findings.length, 'finding')} aside`}`
}

/** How many findings stop the goal, and where the first one does. */
export function binding(findings: readonly Prediction[]): string {
  const critical = findings.filter(({ severity }) => severity === 'critical')
  const first = critical[0]?.bindsAt ?? null
  const where =
    first === null ? '' : first === 0 ? ' from the start' : ` from connection ${formatNumber(first)} on`
  return critical.length === 1
    ? `1 limit binds${where}`
    : `${formatNumber(critical.length)} limits bind${where && `, the first${where}`}`
}

function destination(targets: Plan['scenario']['targets']): string {
  if (targets.length === 0) return 'its own listeners'
  const named = targets.slice(0, maxTargets).map(formatTarget).join(', ')
  return targets.length > maxTargets ? `${named} and ${targets.length - maxTargets} more` : named
}

function tuples({ tuples, scenario }: Plan): string[] {
  const { capacity, sourceAddresses, sourcePorts, destinations, natTuples } = tuples
  const factors = [
    count(sourceAddresses, 'source address', 'es'),
    count(sourcePorts, 'source port'),
    count(destinations, scenario.selfDial ? 'listener' : 'destination')
  ].join(' x ')
  const taken = [
    tuples.reservedPorts ? `${count(tuples.reservedPorts, 'port')} reserved on this host` : '',
    tuples.portsLeftToOthers
      ? `${count(tuples.portsLeftToOthers, 'ephemeral port')} left to other programs`
      : '',
    tuples.portsOfOtherShards ? `${count(tuples.portsOfOtherShards, 'port')} left to other shards` : '',
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
      ? `${formatNumber(descriptors)} of ${room}: this kernel has one table for all threads`
      : `${formatNumber(descriptors)} of ${room}: ${count(tables, 'table')} of ${formatNumber(descriptorsPerTable)}, of ${formatNumber(client.tables)}`
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
    `${formatNumber(tuples)} 5-tuples: ${count(sourceAddresses, 'source address', 'es')} x ${count(ports, 'port')} (${firstPort}-${lastPort}) x ${count(destinations, 'destination')}`,
    ...limits.map(
      ({ rememberedBy, lifetimeSeconds, perSecond }) =>
        `${formatNumber(Math.floor(perSecond))}/s at most while ${rememberedBy} remembers each for ${formatNumber(lifetimeSeconds)} s`
    )
  ]
}

/** Findings in the order in which they bind. */
export function predictions(findings: readonly Prediction[], paint: Paint): string[] {
  return findings.flatMap((finding) => {
    const [title = '', ...rest] = describeFinding(finding, paint)
    const { bindsAt } = finding
    const where =
      bindsAt === null || bindsAt === 0 ? [] : [`  binds from connection ${formatNumber(bindsAt)} on`]
    return ['', title, ...where, ...rest]
  })
}

/** What a report cannot tell. */
export function unknown(notes: readonly string[], paint: Paint): string[] {
  return notes.length === 0 ? [] : ['', paint('dim', 'not known:'), ...notes.map((note) => `  ${note}`)]
}

function count(n: number, noun: string, ending = 's'): string {
  return `${formatNumber(n)} ${noun}${n === 1 ? '' : ending}`
}
