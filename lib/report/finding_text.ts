/** Findings for a person, as every report tells them: those of a run, and those that are foreseen. */
import { formatNumber } from '../base/units.js'
import type { Prediction } from '../checks/index.js'
import type { Evidence, Finding, Severity } from '../result/finding.js'
import { indented, known, type Paint, paragraph, plural, type Style } from './layout.js'

const severityStyle: Record<Severity, Style> = { critical: 'red', warning: 'yellow', info: 'bold' }

/** What it is, what shows it, what mends it. */
export function findingLines(finding: Finding, paint: Paint): string[] {
  const { id, severity, side, title } = finding
  return [
    `${paint(severityStyle[severity], `${severity}: ${title}`)} ${paint('dim', `(${side}, ${id})`)}`,
    ...indented(proof(finding, paint))
  ]
}

/** What shows a finding, and what mends it. */
export function proof({ evidence, remedy }: Finding, paint: Paint): string[] {
  return [...evidence.map(observation), ...remedy.map((command) => remedyLine(command, paint))]
}

/** One command that mends it. */
export function remedyLine(command: string, paint: Paint): string {
  return `${paint('dim', 'remedy:')} ${command}`
}

function observation({ name, before, after }: Evidence): string {
  return before === null ? `${name} ${known(after)}` : `${name} ${known(before)} -> ${known(after)}`
}

/** Each finding set off by an empty line. */
export function findingParagraphs(findings: readonly Finding[], paint: Paint): string[] {
  return findings.flatMap((finding) => ['', ...findingLines(finding, paint)])
}

/** The same for what is foreseen, with where each limit is reached. */
export function predictionParagraphs(predictions: readonly Prediction[], paint: Paint): string[] {
  return predictions.flatMap((prediction) => {
    const [title = '', ...rest] = findingLines(prediction, paint)
    const { bindsAt } = prediction
    const where =
      bindsAt === null || bindsAt === 0 ? [] : [`  binds from connection ${formatNumber(bindsAt)} on`]
    return ['', title, ...where, ...rest]
  })
}

/** That a goal fits, and whether there is something to read all the same. */
export function unhindered(findings: readonly Prediction[]): string {
  return `nothing known will stop them${findings.length === 0 ? '' : `, ${plural(findings.length, 'finding')} aside`}`
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

/** What a report cannot tell. */
export function notKnown(notes: readonly string[], paint: Paint): string[] {
  return paragraph(paint('dim', 'not known:'), notes)
}
