/** What the doctor found, for a person. */

import { approximateBytes, approximateRate, formatNumber } from '../base/units.js'
import type { Application } from '../doctor/apply.js'
import type { DoctorReport } from '../doctor/doctor.js'
import type { Role } from '../doctor/goal.js'
import type { Reversion } from '../doctor/revert.js'
import type { Binding, Step } from '../doctor/steps.js'
import type { Scope } from '../doctor/sysctls.js'
import type { HostFacts } from '../host/facts.js'
import { binding, notKnown, predictionParagraphs, remedyLines, unhindered } from './finding_text.js'
import { headline, indented, indentedText, known, page, type Section, sectionLines } from './layout.js'
import { type Paint, plain } from './paint.js'
import { unbounded, wrapped } from './wrap.js'

/** What binds first for the goal, in order, and what lifts it. Ends in a newline. A pure function of the report. */
export function doctorReport(report: DoctorReport, paint: Paint = plain, width = unbounded): string {
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
    ...summary(report, paint, width),
    '',
    ...sectionLines(sections, paint, width),
    ...findings.flatMap((finding) => described(finding, paint, width)),
    ...(application ? applied(application, paint, width) : []),
    ...notKnown(report.unknown, paint, width)
  ])
}

const ends: Record<Role, string> = {
  client: 'dialed from this host',
  server: 'accepted by this host',
  both: 'with both ends on this host'
}

function summary({ goal, fits, findings }: DoctorReport, paint: Paint, width: number): string[] {
  const rate = goal.ratePerSecond === null ? '' : ` at ${approximateRate(goal.ratePerSecond)}`
  const what = `${formatNumber(goal.connections)} connections${rate}, ${ends[goal.role]}`
  if (!fits) return headline('red', `${what}: ${binding(findings)}.`, paint, width)
  return headline('green', `${what}: ${unhindered(findings)}.`, paint, width)
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
function described(finding: Binding, paint: Paint, width: number): string[] {
  const lines = predictionParagraphs([{ ...finding, remedy: [] }], paint, width)
  return [...lines, ...indented(finding.steps.flatMap((step) => instruction(step, paint, width - 2)))]
}

function instruction({ command, scope, blocked }: Step, paint: Paint, width: number): string[] {
  const notes = [scope === null ? '' : scopes[scope], blocked ?? ''].filter((note) => note !== '')
  const lines = remedyLines(command, paint, width)
  if (notes.length === 0) return lines
  const blank = ' '.repeat(8)
  return [...lines, ...wrapped(notes.join('; '), width - blank.length).map((l) => blank + paint('dim', l))]
}

function applied({ applied, blocked, journal }: Application, paint: Paint, width: number): string[] {
  if (applied.length === 0 && blocked.length === 0) return ['', 'Nothing to apply.']
  const title =
    applied.length === 0
      ? 'Nothing was applied:'
      : `Applied; c1m-native doctor --revert puts it back (${journal}):`
  return [
    '',
    ...wrapped(title, width).map((line) => paint('bold', line)),
    ...indentedText(
      [
        ...applied.map(({ name, from, to }) => `${name} ${from} -> ${to}`),
        ...blocked.map(
          ({ name, current, wanted, blocked }) =>
            `${name} stays ${known(current)}, ${wanted} is needed: ${blocked}`
        )
      ],
      width
    )
  ]
}

/** What was put back and what was not. Ends in a newline. */
export function reversionReport(
  { journal, restored, leftAlone, gone, revertedAt }: Reversion,
  width = unbounded
): string {
  if (revertedAt !== null)
    return page(wrapped(`Nothing to put back: it was put back at ${revertedAt} (${journal}).`, width))
  return page([
    ...wrapped(restored.length === 0 ? `Nothing to put back (${journal}).` : `Put back (${journal}):`, width),
    ...indentedText(
      restored.map(({ name, from, to }) => `${name} ${from} -> ${to}`),
      width
    ),
    ...(leftAlone.length === 0
      ? []
      : wrapped('Left alone, because somebody else has changed it since:', width)),
    ...indentedText(
      leftAlone.map(
        ({ name, current, applied, before }) =>
          `${name} is ${current}; it was ${before}, and had been set to ${applied}`
      ),
      width
    ),
    ...gone.flatMap((name) => wrapped(`${name} is gone with its module: nothing to put back.`, width, 2))
  ])
}
