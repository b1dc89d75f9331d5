/** Findings for a person, as every report tells them: those of a run, and those that are foreseen. */
import { formatNumber } from '../base/units.js'
import type { Prediction } from '../checks/index.js'
import type { Evidence, Finding, Severity } from '../result/finding.js'
import { indented, known, paragraph, plural } from './layout.js'
import type { Paint, Style } from './paint.js'
import { unbounded, wrapped, wrappedStyles } from './wrap.js'

const severityStyle: Record<Severity, Style> = { critical: 'red', warning: 'yellow', info: 'bold' }

/** What it is, what shows it, what mends it. */
export function findingLines(finding: Finding, paint: Paint, width = unbounded): string[] {
  const { id, severity, side, title } = finding
  return [
    ...titleLines(severityStyle[severity], `${severity}: ${title}`, `(${side}, ${id})`, width, paint),
    ...indented(proof(finding, paint, width - 2))
  ]
}

/** A title continues further to the right than what stands below it. */
const titleHang = 4

/** A title in its style, and beside it, dimmed, what a reader may skip. */
export function titleLines(
  style: Style,
  title: string,
  aside: string,
  width: number,
  paint: Paint
): string[] {
  return wrappedStyles(
    [
      [style, title],
      [null, ' '],
      ['dim', aside]
    ],
    width,
    titleHang,
    paint
  )
}

/** What shows a finding, and what mends it. */
export function proof({ evidence, remedy }: Finding, paint: Paint, width = unbounded): string[] {
  return [
    ...evidence.flatMap((piece) => wrapped(observation(piece), width, 2)),
    ...remedy.flatMap((command) => remedyLines(command, paint, width))
  ]
}

/**
 * One command that mends it, in one line whatever its length, so that it can be copied. A comment of the shell takes
 * several, and stays one in each.
 */
export function remedyLines(command: string, paint: Paint, width = unbounded): string[] {
  const label = 'remedy:'
  if (!command.startsWith('# ')) return [`${paint('dim', label)} ${command}`]
  const comment = wrapped(command.slice(2), width - label.length - 3)
  return comment.map((line, i) => `${i === 0 ? paint('dim', label) : ' '.repeat(label.length)} # ${line}`)
}

function observation({ name, before, after }: Evidence): string {
  return before === null ? `${name} ${known(after)}` : `${name} ${known(before)} -> ${known(after)}`
}

/** Each finding set off by an empty line. */
export function findingParagraphs(findings: readonly Finding[], paint: Paint, width = unbounded): string[] {
  return findings.flatMap((finding) => ['', ...findingLines(finding, paint, width)])
}

/** The same for what is foreseen, with where each limit is reached. */
export function predictionParagraphs(
  predictions: readonly Prediction[],
  paint: Paint,
  width = unbounded
): string[] {
  return predictions.flatMap((prediction) => {
    const { bindsAt } = prediction
    const where =
      bindsAt === null || bindsAt === 0 ? [] : [`  binds from connection ${formatNumber(bindsAt)} on`]
    const title = findingLines({ ...prediction, evidence: [], remedy: [] }, paint, width)
    return ['', ...title, ...where, ...indented(proof(prediction, paint, width - 2))]
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
export function notKnown(notes: readonly string[], paint: Paint, width = unbounded): string[] {
  return paragraph(paint('dim', 'not known:'), notes, width)
}
