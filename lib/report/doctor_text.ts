/** What the doctor found, for a person. */

import { approximateBytes, approximateRate, formatNumber } from '../base/units.js'
import type { Application } from '../doctor/apply.js'
import type { DoctorReport } from '../doctor/doctor.js'
import type { Role } from '../doctor/goal.js'
import type { Reversion } from '../doctor/revert.js'
import type { Binding, Step } from '../doctor/steps.js'
import type { Scope } from '../doctor/sysctls.js'
import type { HostFacts } from '../host/facts.js'
import { binding, notKnown, predictionParagraphs, remedyLine, unhindered } from './finding_text.js'
import {
  headline,
  indented,
  known,
  type Paint,
  page,
  paragraph,
  plain,
  type Section,
  sectionLines
} from './layout.js'

/** What binds first for the goal, in order, and what lifts it. Ends in a newline. A pure function of the report. */
export function doctorReport(report: DoctorReport, paint: Paint = plain): string {
  const { findings, facts, needs, application } = report
  const sections: Section[] = [
    ['descriptors', [descriptors(report)]],
    ['open files', [`${known(facts.limits.filesOpen)} of ${known(facts.limits.fileMax)} on this host`]],
    ['memory', [memory(report)]],
    ['conntrack', [conntrack(facts)]],
    ['queues', [queues(facts)]],
    ['hash', [`${known(facts.tcp.ehashEntries)} buckets for ${formatNumber(needs.sockets)} sockets`]]
  ]
  return page([
    summary(report, paint),
    '',
    ...sectionLines(sections, paint),
    ...findings.flatMap((finding) => described(finding, paint)),
    ...(application ? applied(application, paint) : []),
    ...notKnown(report.unknown, paint)
  ])
}

const ends: Record<Role, string> = {
  client: 'dialed from this host',
  server: 'accepted by this host',
  both: 'with both ends on this host'
}

function summary({ goal, fits, findings }: DoctorReport, paint: Paint): string {
  const rate = goal.ratePerSecond === null ? '' : ` at ${approximateRate(goal.ratePerSecond)}`
  const what = `${formatNumber(goal.connections)} connections${rate}, ${ends[goal.role]}`
  if (!fits) return headline('red', `${what}: ${binding(findings)}.`, paint)
  return headline('green', `${what}: ${unhindered(findings)}.`, paint)
}

function descriptors({ facts, needs: { descriptors, tables, descriptorsPerTable } }: DoctorReport): string {
  const room = formatNumber(tables * descriptorsPerTable)
  const spread = tables === 1 ? 'in one table' : `in up to ${formatNumber(tables)} tables`
  return `${formatNumber(descriptors)} of ${room}, ${spread} of RLIMIT_NOFILE ${known(facts.limits.nofileHard)}`
}

function memory({ facts, needs }: DoctorReport): string {
  const { availableBytes } = facts.memory
  const free = availableBytes === null ? 'an unknown amount is' : `${approximateBytes(availableBytes)} are`
  return `about ${approximateBytes(needs.kernelMemoryBytes)} of kernel memory, ${free} available`
}

function conntrack({ conntrack: { count, max, buckets } }: HostFacts): string {
  if (max === null) return 'not loaded, or unknown'
  return `${known(count)} of ${formatNumber(max)} entries, ${known(buckets)} buckets`
}

function queues({ tcp: { somaxconn, maxSynBacklog, syncookies } }: HostFacts): string {
  const cookies = syncookies === null ? 'unknown' : syncookies === 0 ? 'off' : 'on'
  return `somaxconn ${known(somaxconn)}, tcp_max_syn_backlog ${known(maxSynBacklog)}, SYN cookies ${cookies}`
}

const scopes: Record<Scope, string> = {
  namespace: "this network namespace's",
  'initial-namespace': "the host's, set in the initial network namespace",
  host: "the host's"
}

/** The finding as in a plan, and under each command whose the setting is and what stands in its way. */
function described(finding: Binding, paint: Paint): string[] {
  const lines = predictionParagraphs([{ ...finding, remedy: [] }], paint)
  return [...lines, ...indented(finding.steps.flatMap((step) => instruction(step, paint)))]
}

function instruction({ command, scope, blocked }: Step, paint: Paint): string[] {
  const notes = [scope === null ? '' : scopes[scope], blocked ?? ''].filter((note) => note !== '')
  const line = remedyLine(command, paint)
  return notes.length === 0 ? [line] : [line, `        ${paint('dim', notes.join('; '))}`]
}

function applied({ applied, blocked, journal }: Application, paint: Paint): string[] {
  if (applied.length === 0 && blocked.length === 0) return ['', 'Nothing to apply.']
  const title =
    applied.length === 0
      ? 'Nothing was applied:'
      : `Applied; c1m-native doctor --revert puts it back (${journal}):`
  return paragraph(paint('bold', title), [
    ...applied.map(({ name, from, to }) => `${name} ${from} -> ${to}`),
    ...blocked.map(
      ({ name, current, wanted, blocked }) =>
        `${name} stays ${known(current)}, ${wanted} is needed: ${blocked}`
    )
  ])
}

/** What was put back and what was not. Ends in a newline. */
export function reversionReport({ journal, restored, leftAlone, gone, revertedAt }: Reversion): string {
  if (revertedAt !== null)
    return page([`Nothing to put back: it was put back at ${revertedAt} (${journal}).`])
  return page([
    restored.length === 0 ? `Nothing to put back (${journal}).` : `Put back (${journal}):`,
    ...indented(restored.map(({ name, from, to }) => `${name} ${from} -> ${to}`)),
    ...(leftAlone.length === 0 ? [] : ['Left alone, because somebody else has changed it since:']),
    ...indented(
      leftAlone.map(
        ({ name, current, applied, before }) =>
          `${name} is ${current}; it was ${before}, and had been set to ${applied}`
      )
    ),
    ...gone.map((name) => `${name} is gone with its module: nothing to put back.`)
  ])
}
