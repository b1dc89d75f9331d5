/**
 * The benchmark suite, behind `c1m-native bench`; in a checkout also `npm run bench -- ...`.
 *
 * Whole processes are measured where an engine is, functions where a function is.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBounded } from '../lib/base/bounded_file.js'
import { approximateBytes } from '../lib/base/units.js'
import { version } from '../lib/base/version.js'
import type { Benchmarks, BenchReport, BenchRequest, Measurement } from '../lib/cli/commands/bench.js'
import type { suiteIds } from '../lib/cli/options/bench.js'
import { compareResults } from './compare_results.js'
import { comparisonReport } from './comparison_text.js'
import { goalsOf, missedGoals } from './goals.js'
import { readHost } from './host.js'
import { plots } from './plots.js'
import { headline, suiteReport } from './report_text.js'
import { type BenchResult, benchSchema } from './result.js'
import { runSuite, type Suite } from './suite.js'
import { churn } from './suites/churn.js'
import { connectVsBare } from './suites/connect_vs_bare.js'
import { connectVsNet } from './suites/connect_vs_net.js'
import { eventLoop } from './suites/event_loop.js'
import { firstSyn } from './suites/first_syn.js'
import { library } from './suites/library.js'
import { memory } from './suites/memory.js'
import { observation } from './suites/observation.js'

const suites: Record<(typeof suiteIds)[number], Suite> = {
  'connect-vs-net': connectVsNet,
  'connect-vs-bare': connectVsBare,
  churn,
  memory,
  observation,
  'event-loop': eventLoop,
  'first-syn': firstSyn,
  library
}

export async function measure(request: BenchRequest): Promise<Measurement> {
  const { full, only, neper, interrupted, progress, report } = request
  const mode = full ? 'full' : 'quick'
  const result: BenchResult = {
    schema: benchSchema,
    version,
    date: new Date().toISOString(),
    mode,
    host: readHost(),
    suites: []
  }
  await report((width) => headline(result, width))
  for (const [id, suite] of Object.entries(suites)) {
    if (interrupted.aborted) break
    if (only.length > 0 && !only.includes(id)) continue
    progress(id)
    const context = {
      mode,
      neper,
      progress: (text: string) => {
        interrupted.throwIfAborted()
        progress(`${id}: ${text}`)
      }
    } as const
    const measured = await runSuite(id, suite, context, interrupted)
    result.suites.push(measured)
    await report((width) => suiteReport(measured, result.host, width))
  }
  const { suites: measured } = result
  return {
    result,
    failed: measured.some(({ failed }) => failed),
    missed: missedGoals(measured),
    goals: measured.flatMap(goalsOf).length
  }
}

export async function compare([first, second]: readonly [string, string]): Promise<BenchReport> {
  const result = compareResults(await readResult(first), await readResult(second))
  return { result, text: (_, width) => comparisonReport(result, width) }
}

export async function plot(path: string, directory: string): Promise<string[]> {
  const drawn = plots(await readResult(path))
  mkdirSync(directory, { recursive: true })
  return Object.entries(drawn).map(([name, svg]) => {
    const file = join(directory, `${name}.svg`)
    writeFileSync(file, svg)
    return file
  })
}

;({ measure, compare, plot }) satisfies Benchmarks

/** Read at most: a full result has 50 KiB. */
const mostBytes = 2 ** 24

async function readResult(path: string): Promise<BenchResult> {
  const bytes = await readBounded(path, mostBytes)
  if (bytes.length > mostBytes) throw new Error(`${path} is longer than ${approximateBytes(mostBytes)}`)
  const result: unknown = JSON.parse(bytes.toString('utf8'))
  const schema =
    result !== null && typeof result === 'object' && 'schema' in result ? result.schema : undefined
  if (schema !== benchSchema) throw new Error(`${path} is no ${benchSchema}`)
  return result as BenchResult
}
