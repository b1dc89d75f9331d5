/** `bench` as its command line and its help see it. Pure data. */
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { outputOptions, reportOptions } from './output.js'

/** What can be measured, in the order it is. */
export const suiteIds = [
  'connect-vs-net',
  'connect-vs-bare',
  'churn',
  'memory',
  'observation',
  'event-loop',
  'first-syn',
  'library'
] as const

export const benchOptions = {
  full: {
    name: 'full',
    type: 'flag',
    text: 'the counts the project is held to, up to a million connections: twenty minutes and 10 GiB of memory'
  },
  only: {
    name: 'only',
    type: 'text',
    value: 'SUITE',
    choices: suiteIds,
    repeatable: true,
    default: 'all',
    text: 'measure this alone'
  },
  check: {
    name: 'check',
    type: 'flag',
    text: 'exit with 5 when a goal is missed, for CI on a host that is known to meet the goals'
  },
  neper: {
    name: 'neper',
    type: 'text',
    value: 'FILE',
    default: 'C1M_NEPER of the environment',
    text: "the program tcp_crr of google/neper, to compare churn with; it isn't part of this package"
  }
} as const satisfies Record<string, OptionSpec>

const { quiet } = outputOptions
const shownOptions = { ...reportOptions, quiet } as const

export const allBenchOptions = { ...benchOptions, ...shownOptions } as const

export const spec: CommandSpec = {
  usage: 'bench [options] | bench compare A B | bench plot FILE DIR',
  words: ['compare', 'plot'],
  text: [
    'Measures this engine on this host, beside pure node:net (one process, and one for each CPU), a bare C loop where there is a compiler, and neper where its path is given: connects and transactions per second, memory per connection, what observing costs. Everything stays on loopback. Contenders take turns; ratios are of neighbouring runs, with a 95 % confidence interval. What cannot run here says why.',
    'compare holds the result in file A against that in B; plot draws the one in FILE, as SVG.',
    `SUITE is one of ${suiteIds.join(', ')}. The last needs tinybench, which this package does not bring.`
  ],
  sections: [
    { title: 'Options', options: benchOptions },
    { title: 'Output', options: shownOptions }
  ],
  examples: [
    { command: 'c1m-native bench', text: 'everything, small, in less than a minute' },
    {
      command: 'c1m-native bench --only connect-vs-net --out before.json',
      text: 'why there is a native engine, in ten seconds'
    },
    { command: 'c1m-native bench compare before.json after.json', text: 'what has changed' },
    { command: 'c1m-native bench --check --json', text: 'for CI: fails when a goal is missed' }
  ],
  exitCodes: [
    { code: 0, text: 'measured; the goals that this host misses are listed' },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: an option, a suite or a result file is not valid' },
    { code: 5, text: 'a suite failed, or with --check a goal was missed' },
    { code: 130, text: 'stopped by SIGINT, SIGTERM or SIGHUP' }
  ]
}
