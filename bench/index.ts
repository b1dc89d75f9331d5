/**
 * The benchmark suite: `npm run bench -- [--full] [--only ID]... [--neper TCP_CRR] [--out FILE]`.
 *
 * Whole processes are measured where an engine is, functions where a function is. Exits with 1 when a goal was missed.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../lib/version.js'
import { packageRoot } from './contenders.js'
import { hostLine, readHost } from './host.js'
import { suiteReport } from './report.js'
import { type BenchMode, type BenchResult, benchSchema } from './result.js'
import { runSuite, type Suite } from './suite.js'
import { churn } from './suites/churn.js'
import { connectVsBare } from './suites/connect_vs_bare.js'
import { connectVsNet } from './suites/connect_vs_net.js'
import { eventLoop } from './suites/event_loop.js'
import { firstSyn } from './suites/first_syn.js'
import { library } from './suites/library.js'
import { memory } from './suites/memory.js'
import { observation } from './suites/observation.js'

const suites: readonly Suite[] = [
  connectVsBare,
  connectVsNet,
  churn,
  memory,
  observation,
  eventLoop,
  firstSyn,
  library
]

const usage = `Usage: npm run bench -- [--full] [--only SUITE]... [--neper TCP_CRR] [--out FILE]

Without --full everything is small and done within a minute. With it the counts are those the project is held to,
200,000 and 1,000,000 connections; that takes a quarter of an hour and about 10 GiB of memory.

Suites:
${suites.map(({ id, title }) => `  ${id.padEnd(16)}  ${title}`).join('\n')}

The result goes to bench/results/, or to FILE. TCP_CRR is the path of that program of google/neper, with which churn is
compared; so is the environment variable C1M_NEPER.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      out: { type: 'string' },
      neper: { type: 'string', default: process.env.C1M_NEPER },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const unknown = values.only.find((id) => !suites.some((suite) => suite.id === id))
  if (unknown !== undefined) {
    process.stderr.write(`bench: no suite '${unknown}'\n\n${usage}`)
    return 2
  }
  const chosen = suites.filter(({ id }) => values.only.length === 0 || values.only.includes(id))
  const result = await run(chosen, values.full ? 'full' : 'quick', values.neper)
  const path = values.out ?? join(packageRoot, 'bench/results', fileName(result))
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${JSON.stringify(result, null, 1)}\n`)
  process.stderr.write(`\nwritten to ${path}\n`)
  return missed(result) ? 1 : 0
}

async function run(
  chosen: readonly Suite[],
  mode: BenchMode,
  neper: string | undefined
): Promise<BenchResult> {
  const host = readHost()
  const result: BenchResult = {
    schema: benchSchema,
    version,
    date: new Date().toISOString(),
    mode,
    host,
    suites: []
  }
  process.stdout.write(`c1m-native ${version}, ${mode}, on ${hostLine(host)}\n`)
  for (const suite of chosen) {
    const progress = (text: string) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${suite.id}: ${text}`)
    }
    const measured = await runSuite(suite, { mode, neper, progress })
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    process.stdout.write(suiteReport(measured, host))
    result.suites.push(measured)
  }
  return result
}

/** 2026-11-22T0130-quick.json: sorts by time. */
function fileName({ date, mode }: BenchResult): string {
  return `${date.slice(0, 16).replace(':', '')}-${mode}.json`
}

function missed({ suites }: BenchResult): boolean {
  return suites
    .flatMap(({ figures, comparisons }) => [...figures, ...comparisons])
    .some(({ goal }) => goal?.verdict === 'missed')
}

process.exitCode = await main()
