/** `c1m-native bench`: what this host does with this engine, and with others. */
import { accessSync, constants } from 'node:fs'
import { type ExitCode, exitCodes } from '../../base/errors.js'
import { suggestion } from '../../base/nearest.js'
import { assertLinux } from '../../base/platform.js'
import { printable, quote } from '../../base/quote.js'
import { formatNumber } from '../../base/units.js'
import { page, paragraph } from '../../report/layout.js'
import type { Paint } from '../../report/paint.js'
import type { CommandContext } from '../command.js'
import { allBenchOptions, suiteIds } from '../options/bench.js'
import { type OptionValues, parseOptions, usageError } from '../parse_options.js'
import { Reporter } from '../reporter.js'

/**
 * The suite, built from bench/ into a file beside dist/cli/. It imports the library, never the other way round: all the
 * command line knows of it is this.
 */
export interface Benchmarks {
  measure(request: BenchRequest): Promise<Measurement>
  /** Throws with a sentence when a file is no result. */
  compare(paths: readonly [string, string]): Promise<BenchReport>
  /** Writes SVG files into `directory`, and gives their paths. */
  plot(path: string, directory: string): Promise<string[]>
}

export interface BenchRequest {
  readonly full: boolean
  /** Ids of the suites wanted, all when empty. */
  readonly only: readonly string[]
  readonly neper: string | undefined
  readonly interrupted: AbortSignal
  progress(text: string): void
  /** Called with the text about each suite as it ends, made for a terminal of so many columns. */
  report(text: (width: number) => string): Promise<void>
}

export interface BenchReport {
  readonly result: object
  text(paint: Paint, width: number): string
}

export interface Measurement {
  readonly result: object
  /** A suite should have been able to run, but failed. */
  readonly failed: boolean
  /** Goals that this host surely misses: the suite, the figure and the goal, a sentence each. */
  readonly missed: readonly string[]
  /** How many goals were held against what was measured. */
  readonly goals: number
}

export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseOptions(allBenchOptions, argv, 'c1m-native bench')
  const [action, ...files] = positionals
  if (action === undefined) return await measure(values, context.interrupted)
  const [first, second, ...more] = files
  if ((action !== 'compare' && action !== 'plot') || !first || !second || more.length > 0) {
    throw usageError(
      action === 'compare' || action === 'plot'
        ? `bench ${action} needs two arguments and got ${files.length}`
        : `unknown action ${quote(action)}`,
      'Write bench, bench compare A B or bench plot FILE DIR.'
    )
  }
  using reporter = new Reporter(values)
  const { compare, plot } = await benchmarks()
  try {
    if (action === 'compare') {
      const { result, text } = await compare([first, second])
      await reporter.result(result, text)
    } else {
      const written = await plot(first, second)
      await reporter.result({ written }, () => `${written.join('\n')}\n`)
    }
  } catch (error) {
    throw usageError(
      `bench ${action}: ${printable((error as Error).message)}`,
      'Give it what bench --out has written.'
    )
  }
  return exitCodes.ok
}

async function measure(
  values: OptionValues<typeof allBenchOptions>,
  interrupted: AbortSignal
): Promise<ExitCode> {
  assertLinux()
  const { full = false, only = [], neper = process.env.C1M_NEPER, check = false } = values
  for (const id of only) checkSuite(id)
  if (neper !== undefined) checkProgram(neper)
  using reporter = new Reporter(values)
  const { measure } = await benchmarks()
  const progress = (text: string) => reporter.progress(() => text)
  const report = (text: (width: number) => string) => reporter.part((_, width) => text(width))
  const measurement = await measure({ full, only, neper, interrupted, progress, report })
  const { result, failed, missed } = measurement
  await reporter.result(result, (paint, width) => goalsText(measurement, paint, width))
  if (interrupted.aborted) return exitCodes.interrupted
  // The goals are those of this project on a host of its own; another host may be slower without anything being wrong.
  return failed || (check && missed.length > 0) ? exitCodes.goal : exitCodes.ok
}

/** Which goals this host misses, if any. */
export function goalsText({ missed, goals }: Measurement, paint: Paint, width: number): string {
  if (goals === 0) return ''
  const title = 'Goals missed on this host'
  if (missed.length === 0) return page(['', paint('green', `${title}: none of ${formatNumber(goals)}.`)])
  const head = `${title}, ${formatNumber(missed.length)} of ${formatNumber(goals)}:`
  return page(paragraph(paint('yellow', head), missed, width))
}

function checkSuite(id: string): void {
  if (suiteIds.some((known) => known === id)) return
  const near = suggestion(id, suiteIds)
  throw usageError(
    `--only: there is no suite ${quote(id)}`,
    near === undefined ? `Write one of ${suiteIds.join(', ')}.` : `Did you mean ${near}?`
  )
}

function checkProgram(path: string): void {
  try {
    accessSync(path, constants.X_OK)
  } catch (error) {
    throw usageError(
      `--neper: ${printable((error as Error).message)}`,
      "Give the path of google/neper's tcp_crr, built on this host."
    )
  }
}

async function benchmarks(): Promise<Benchmarks> {
  // Not known to the bundler, which would draw the suite into the command line's chunks.
  const path = new URL('../dist/benchmarks.js', import.meta.url).href
  return await import(path)
}
