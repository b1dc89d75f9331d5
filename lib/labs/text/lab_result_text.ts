/** Lab results as text. Pure. */
import { approximateRate, formatNumber } from '../../base/units.js'
import { figureTable } from '../../report/columns.js'
import { proof, titleLines } from '../../report/finding_text.js'
import { indented, indentedText, page } from '../../report/layout.js'
import type { Paint } from '../../report/paint.js'
import { unbounded, wrapped } from '../../report/wrap.js'
import type { LabReport } from '../runner/run_labs.js'
import type { LabResult, Observation, StepResult } from '../verdict/lab_result.js'
import { shareOfHealthy } from '../verdict/verdict.js'
import { chartScale, drawChart } from './rate_chart.js'
import { took } from './took.js'

/** More columns show no more. */
const mostColumns = 84
const chartRows = 6

/** Curves that fit into the chart, side by side. */
const maxPanels = 4

/** A lab with more steps shows only the texts of the first two; the table names them all. */
const maxTexts = 6

/** One lab: its steps, their rates, what was named with which evidence, and the verdict. */
export function labResultText(result: LabResult, paint: Paint, width = unbounded): string {
  const { name, summary, acts: steps, figures } = result
  return page([
    ...wrapped(`${name}: ${summary}`, width, 2).map((line) => paint('bold', line)),
    ...indentedText(
      (steps.length > maxTexts ? steps.slice(0, 2) : steps).map(({ text }) => text),
      width
    ),
    '',
    paint('dim', 'connects/s'),
    ...drawChart(steps.flatMap(panelsOf).slice(0, maxPanels), {
      columns: Math.min(mostColumns, width - chartScale - maxPanels),
      rows: chartRows
    }),
    '',
    ...table(steps, width),
    ...steps
      .filter(({ role }) => role === 'broken')
      .flatMap((step) => ['', ...namedCauses(step, paint, width)]),
    ...(figures.length === 0 ? [] : ['']),
    ...figures.flatMap(({ name, value, unit }) =>
      wrapped(`${name}: ${formatNumber(value)}${unit}`, width, 2)
    ),
    '',
    ...verdict(result, paint, width)
  ])
}

function panelsOf({ name, curve, others = [] }: StepResult) {
  return [{ caption: name, curve }, ...others.map((other) => ({ caption: other.name, curve: other.curve }))]
}

function table(steps: readonly StepResult[], width: number): string[] {
  const counter = steps.find(({ sign }) => sign)?.sign?.counter
  const ifSign = (texts: readonly string[]) => (counter === undefined ? [] : texts)
  const head = [
    ...['', 'on first SYN', 'of healthy', 'stood', 'delayed', 'failed', 'shed'],
    ...ifSign([counter?.replace(/^.*\./, '') ?? '']),
    'named'
  ]
  const rows = steps.map((step) => {
    const { name, promptPerSecond, connections, named } = step
    return [
      name,
      approximateRate(promptPerSecond),
      `${Math.round(shareOfHealthy(step, steps) * 100)} %`,
      formatNumber(connections.stood),
      formatNumber(connections.delayed),
      formatNumber(connections.failed),
      formatNumber(connections.shed),
      ...ifSign([formatNumber(step.sign?.moved ?? 0)]),
      named.length === 0 ? '-' : named.join(', ')
    ]
  })
  return figureTable([head, ...rows], { width })
}

function namedCauses(step: StepResult, paint: Paint, width: number): string[] {
  const causes = step.observed.filter(({ finding }) => step.named.some((id) => id === finding.id))
  const others = step.observed.filter((observation) => !causes.includes(observation))
  const first = causes.filter(
    ({ finding }, index) => causes.findIndex((one) => one.finding.id === finding.id) === index
  )
  return [
    ...first.flatMap((observation) => causeLines(observation, step, paint, width)),
    ...others.flatMap(({ by, finding }) =>
      wrapped(`${by} alone saw only: ${finding.id}`, width, 2).map((line) => paint('dim', line))
    )
  ]
}

function causeLines({ by, finding }: Observation, step: StepResult, paint: Paint, width: number): string[] {
  const { firstSignSeconds, namedSeconds } = step
  const when =
    namedSeconds === null
      ? ''
      : firstSignSeconds === null
        ? ` after ${namedSeconds} s`
        : ` ${Math.max(0, namedSeconds - firstSignSeconds).toFixed(2)} s after the first sign`
  return [
    ...titleLines('red', finding.title, `(${finding.id}, named by ${by}${when})`, width, paint),
    ...indented(proof(finding, paint, width - 2))
  ]
}

function verdict({ ok, failures, totalSeconds }: LabResult, paint: Paint, width: number): string[] {
  return ok
    ? [paint('green', `passed in ${took(totalSeconds)}`)]
    : [paint('red', `failed in ${took(totalSeconds)}:`), ...indentedText(failures, width)]
}

/** Several labs, with a line for each at the end. */
export function labReportText(
  { labs, skipped, ok, totalSeconds }: LabReport,
  paint: Paint,
  width = unbounded
): string {
  const lines = [
    ...labs.map(({ name, ok, expected, totalSeconds }) => [
      name,
      ok ? 'passed' : 'FAILED',
      took(totalSeconds),
      expected ?? 'healthy run'
    ]),
    ...skipped.map(({ name, reasons }) => [name, 'skipped', '', reasons.join('; ')])
  ]
  const summary = `${labs.filter((lab) => lab.ok).length} of ${labs.length} labs passed in ${took(totalSeconds)}`
  return [
    ...labs.map((lab) => `${labResultText(lab, paint, width)}\n`),
    `${page(figureTable(lines, { width, prose: true }))}\n`,
    `${paint(ok ? 'green' : 'red', skipped.length === 0 ? summary : `${summary}, ${skipped.length} skipped`)}\n`
  ].join('')
}
