/** Lab results as text. Pure. */
import { approximateRate, formatNumber } from '../../base/units.js'
import { proof } from '../../report/finding_text.js'
import { figureTable, indented, type Paint, page } from '../../report/layout.js'
import type { LabReport } from '../runner/run_labs.js'
import type { LabResult, Observation, StepResult } from '../verdict/lab_result.js'
import { shareOfHealthy } from '../verdict/verdict.js'
import { drawChart } from './rate_chart.js'

const chartSize = { columns: 84, rows: 6 }

/** Curves that fit into the chart, side by side. */
const maxPanels = 4

/** A lab with more steps shows only the texts of the first two; the table names them all. */
const maxTexts = 6

/** One lab: its steps, their rates, what was named with which evidence, and the verdict. */
export function labResultText(result: LabResult, paint: Paint): string {
  const { name, summary, acts: steps, figures } = result
  return page([
    paint('bold', `${name}: ${summary}`),
    ...indented((steps.length > maxTexts ? steps.slice(0, 2) : steps).map(({ text }) => text)),
    '',
    paint('dim', 'connects/s'),
    ...drawChart(steps.flatMap(panelsOf).slice(0, maxPanels), chartSize),
    '',
    ...table(steps),
    ...steps.filter(({ role }) => role === 'broken').flatMap((step) => ['', ...namedCauses(step, paint)]),
    ...(figures.length === 0
      ? []
      : ['', ...figures.map(({ name, value, unit }) => `${name}: ${formatNumber(value)}${unit}`)]),
    '',
    ...verdict(result, paint)
  ])
}

function panelsOf({ name, curve, others = [] }: StepResult) {
  return [{ caption: name, curve }, ...others.map((other) => ({ caption: other.name, curve: other.curve }))]
}

function table(steps: readonly StepResult[]): string[] {
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
  return figureTable([head, ...rows])
}

function namedCauses(step: StepResult, paint: Paint): string[] {
  const causes = step.observed.filter(({ finding }) => step.named.some((id) => id === finding.id))
  const others = step.observed.filter((observation) => !causes.includes(observation))
  const first = causes.filter(
    ({ finding }, index) => causes.findIndex((one) => one.finding.id === finding.id) === index
  )
  return [
    ...first.flatMap((observation) => causeLines(observation, step, paint)),
    ...others.map(({ by, finding }) => paint('dim', `${by} alone saw only: ${finding.id}`))
  ]
}

function causeLines({ by, finding }: Observation, step: StepResult, paint: Paint): string[] {
  const { firstSignSeconds, namedSeconds } = step
  const when =
    namedSeconds === null
      ? ''
      : firstSignSeconds === null
        ? ` after ${namedSeconds} s`
        : ` ${Math.max(0, namedSeconds - firstSignSeconds).toFixed(2)} s after the first sign`
  return [
    `${paint('red', finding.title)} ${paint('dim', `(${finding.id}, named by ${by}${when})`)}`,
    ...indented(proof(finding, paint))
  ]
}

function verdict({ ok, failures, totalSeconds }: LabResult, paint: Paint): string[] {
  return ok
    ? [paint('green', `passed in ${totalSeconds} s`)]
    : [paint('red', `failed in ${totalSeconds} s:`), ...indented(failures)]
}

/** Several labs, with a line for each at the end. */
export function labReportText({ labs, skipped, ok, totalSeconds }: LabReport, paint: Paint): string {
  const lines = [
    ...labs.map(({ name, ok, expected, totalSeconds }) => [
      name,
      ok ? 'passed' : 'FAILED',
      `${totalSeconds} s`,
      expected ?? 'healthy run'
    ]),
    ...skipped.map(({ name, reasons }) => [name, 'skipped', '', reasons.join('; ')])
  ]
  const summary = `${labs.filter((lab) => lab.ok).length} of ${labs.length} labs passed in ${totalSeconds} s`
  return [
    ...labs.map((lab) => `${labResultText(lab, paint)}\n`),
    `${page(figureTable(lines))}\n`,
    `${paint(ok ? 'green' : 'red', skipped.length === 0 ? summary : `${summary}, ${skipped.length} skipped`)}\n`
  ].join('')
}
