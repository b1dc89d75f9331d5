/** A lab's result as a screen of text. Pure. */

import { approximateRate, formatNumber } from '../../base/units.js'
import { proof } from '../../report/finding_text.js'
import { figureTable, indented, type Paint, page } from '../../report/layout.js'
import type { LabList } from '../runner/list.js'
import type { LabReport } from '../runner/run_labs.js'
import type { SelfTest } from '../runner/self_test.js'
import type { Cleaned } from '../stage/clean.js'
import type { ActResult, LabResult, Observation } from '../verdict/lab.js'
import { shareOfHealthy } from '../verdict/verdict.js'
import { drawChart } from './chart.js'

const chartSize = { columns: 84, rows: 6 }

/** Acts that fit into the chart, side by side. */
const panels = 4

/** From so many acts on, their names have to do. */
const manyActs = 6

/** What was set up, what broke, who named it, what healed it. */
export function labStory(result: LabResult, paint: Paint): string {
  const { name, summary, acts, figures } = result
  return page([
    paint('bold', `${name}: ${summary}`),
    ...indented((acts.length > manyActs ? acts.slice(0, 2) : acts).map(({ text }) => text)),
    '',
    paint('dim', 'connects/s'),
    ...drawChart(acts.flatMap(panelsOf).slice(0, panels), chartSize),
    '',
    ...table(acts),
    ...acts.filter(({ role }) => role === 'broken').flatMap((act) => ['', ...naming(act, paint)]),
    ...(figures.length === 0
      ? []
      : ['', ...figures.map(({ name, value, unit }) => `${name}: ${formatNumber(value)}${unit}`)]),
    '',
    ...verdict(result, paint)
  ])
}

function panelsOf({ name, curve, others = [] }: ActResult) {
  return [{ caption: name, curve }, ...others.map((other) => ({ caption: other.name, curve: other.curve }))]
}

function table(acts: readonly ActResult[]): string[] {
  const counter = acts.find(({ sign }) => sign)?.sign?.counter
  const signs = (texts: readonly string[]) => (counter === undefined ? [] : texts)
  const head = [
    ...['', 'on first SYN', 'of healthy', 'stood', 'delayed', 'failed', 'shed'],
    ...signs([counter?.replace(/^.*\./, '') ?? '']),
    'named'
  ]
  const rows = acts.map((act) => {
    const { name, promptPerSecond, connections, named } = act
    return [
      name,
      approximateRate(promptPerSecond),
      `${Math.round(shareOfHealthy(act, acts) * 100)} %`,
      formatNumber(connections.stood),
      formatNumber(connections.delayed),
      formatNumber(connections.failed),
      formatNumber(connections.shed),
      ...signs([formatNumber(act.sign?.moved ?? 0)]),
      named.length === 0 ? '-' : named.join(', ')
    ]
  })
  return figureTable([head, ...rows])
}

function naming(act: ActResult, paint: Paint): string[] {
  const causes = act.observed.filter(({ finding }) => act.named.some((id) => id === finding.id))
  const others = act.observed.filter((observation) => !causes.includes(observation))
  const first = causes.filter(
    ({ finding }, index) => causes.findIndex((one) => one.finding.id === finding.id) === index
  )
  return [
    ...first.flatMap((observation) => described(observation, act, paint)),
    ...others.map(({ by, finding }) => paint('dim', `${by} could only say: ${finding.id}`))
  ]
}

function described({ by, finding }: Observation, act: ActResult, paint: Paint): string[] {
  const { firstSignSeconds, namedSeconds } = act
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
    ? [paint('green', `proven in ${totalSeconds} s`)]
    : [paint('red', `not proven, in ${totalSeconds} s:`), ...indented(failures)]
}

/** All stories, and a line for each lab at the end. */
export function reportText({ labs, skipped, ok, totalSeconds }: LabReport, paint: Paint): string {
  const lines = [
    ...labs.map(({ name, ok, expected, totalSeconds }) => [
      name,
      ok ? 'proven' : 'NOT PROVEN',
      `${totalSeconds} s`,
      expected ?? 'nothing to name'
    ]),
    ...skipped.map(({ name, reasons }) => [name, 'skipped', '', reasons.join('; ')])
  ]
  const summary = `${labs.filter((lab) => lab.ok).length} of ${labs.length} labs proven in ${totalSeconds} s`
  return [
    ...labs.map((lab) => `${labStory(lab, paint)}\n`),
    `${page(figureTable(lines))}\n`,
    `${paint(ok ? 'green' : 'red', skipped.length === 0 ? summary : `${summary}, ${skipped.length} skipped`)}\n`
  ].join('')
}

/** Which detectors are proven. */
export function selfTestText({ host, detectors, totalSeconds }: SelfTest, paint: Paint): string {
  const tried = detectors.filter(({ lab }) => lab !== null)
  const proven = tried.filter(({ proven }) => proven)
  const untested = detectors.filter(({ lab }) => lab === null)
  const head = `${proven.length} of ${tried.length} detectors that have a quick lab are proven on Linux ${host.kernel}, in ${totalSeconds} s.`
  return page([
    paint('bold', head),
    '',
    ...figureTable(
      tried.map(({ id, lab, proven, reasons }) => [
        id,
        proven === null ? 'not tried' : proven ? 'proven' : 'NOT PROVEN',
        [`lab run ${lab}`, ...reasons].join('; ')
      ])
    ),
    '',
    paint('dim', `without a lab: ${untested.map(({ id }) => id).join(', ')}`)
  ])
}

/** The labs there are. */
export function listText({ labs }: LabList, paint: Paint): string {
  return labs
    .map(({ name, summary, expected, seconds, tools, hostSysctls, parameters, unmet }) => {
      const needs = [...tools, ...hostSysctls.map((sysctl) => `${sysctl} (--allow-host-changes)`)]
      return [
        `${paint('bold', name)}: ${summary}`,
        `  names ${expected ?? 'nothing'}, takes ${seconds} s${needs.length === 0 ? '' : `, needs ${needs.join(', ')}`}`,
        `  ${Object.entries(parameters)
          .map(([parameter, value]) => `--${parameter} ${value}`)
          .join(' ')}`,
        ...unmet.map((reason) => paint('yellow', `  not now: ${reason}`))
      ]
    })
    .map(page)
    .join('\n')
}

/** What `lab clean` did. */
export function cleanedText({ namespaces, pids, sysctls, gone }: Omit<Cleaned, 'schema'>): string {
  const done = [
    ...namespaces.map((name) => `removed namespace ${name}`),
    ...pids.map((pid) => `ended process ${pid}`),
    ...Object.entries(sysctls).map(([name, value]) => `put ${name} back to ${value}`),
    ...gone.map((name) => `${name} is gone with its module: nothing to put back`)
  ]
  return page(done.length === 0 ? ['nothing was left behind'] : done)
}
