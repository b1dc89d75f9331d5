/** Opening and closing at full speed: our engine beside google/neper's tcp_crr and a bare C loop. */
import { availableParallelism } from 'node:os'
import {
  type Churned,
  type ChurnPlan,
  churnBare,
  churnNeper,
  churnOurs,
  type EchoServer,
  serveBare,
  serveOurs
} from '../churners.js'
import { Yardstick } from '../contenders.js'
import { inRounds, witnessed } from '../pairs.js'
import type { BenchMode, Comparison, Figure } from '../result.js'
import { type Bound, compare, figure } from '../stats.js'
import { CannotRun, type Suite } from '../suite.js'

const plans = { quick: { rounds: 3, seconds: 0.3 }, full: { rounds: 9, seconds: 4 } }
const flows = 100

interface Contender {
  name: string
  turn: (plan: ChurnPlan) => Promise<Churned>
}

const names = {
  ours: 'c1m-native',
  bare: 'bare C',
  mixed: 'c1m-native to bare C',
  neper: 'neper tcp_crr'
} as const

const contests: { first: string; second: string; goal?: Bound }[] = [
  { first: names.ours, second: names.bare, goal: { bound: 'at least', value: 0.95 } },
  { first: names.mixed, second: names.bare },
  { first: names.ours, second: names.neper, goal: { bound: 'at least', value: 1.2 } }
]

export const churn: Suite = {
  title: 'transactions per second: connect, exchange, close with RST, replace',
  async run({ mode, neper, progress }) {
    const { rounds, seconds } = plans[mode]
    // Clients and servers together have as many threads as there are CPUs.
    const threads = Math.max(1, Math.floor(availableParallelism() / 2))
    await using server = await serveOurs({ threads })
    const { yardstick: maybe, absence } = await compiled()
    await using yardstick = maybe
    await using echo = yardstick && (await serveBare(yardstick, { threads }))
    const contenders: Contender[] = [
      { name: names.ours, turn: (plan) => churnOurs(plan, server) },
      ...(yardstick && echo ? bareContenders(yardstick, echo, mode) : []),
      ...neperContender(neper)
    ]
    const figures: Figure[] = []
    const comparisons: Comparison[] = []
    for (const bytes of [0, 1] as const) {
      const what = bytes === 0 ? 'no payload' : '1 byte each way'
      const results = await inRounds(
        rounds,
        contenders.map(
          ({ turn }) =>
            () =>
              witnessed(
                ({ transactions }) => transactions,
                () => turn({ threads, flows, bytes, seconds })
              )
        ),
        (round) => progress(`${what}, round ${round + 1} of ${rounds}`)
      )
      const of = (name: string) => results[contenders.findIndex((contender) => contender.name === name)]
      // tcp_crr can't do without.
      const shown = (name: string) => (name === names.neper && bytes === 0 ? `${name} (1 byte)` : name)
      for (const { name } of contenders) {
        const churned = of(name) ?? []
        figures.push(
          figure(`${shown(name)}, ${what}`, '/s', churned.map(rate)),
          figure(`${shown(name)}, ${what}, both ends`, 'us CPU/transaction', churned.map(cost))
        )
      }
      for (const { first, second, goal } of contests) {
        const [a, b] = [of(first), of(second)]
        if (!a || !b) continue
        const contest = `${first} / ${shown(second)}, ${what}`
        comparisons.push(
          compare(contest, a.map(rate), b.map(rate), goal),
          compare(`${contest}, CPU per transaction`, a.map(cost), b.map(cost))
        )
      }
    }
    return { figures, comparisons, notes: notes(threads, absence, neper) }
  }
}

const rate = ({ transactionsPerSecond }: Churned) => transactionsPerSecond
const cost = ({ cpuSeconds, transactions }: Churned) => (cpuSeconds / transactions) * 1e6

function bareContenders(yardstick: Yardstick, echo: EchoServer, mode: BenchMode): Contender[] {
  const bare = { name: names.bare, turn: (plan: ChurnPlan) => churnBare(yardstick, plan, echo) }
  const mixed = { name: names.mixed, turn: (plan: ChurnPlan) => churnOurs(plan, echo) }
  return mode === 'quick' ? [bare] : [bare, mixed]
}

/** No yardstick, and the reason, without a compiler. */
async function compiled(): Promise<{ yardstick: Yardstick | null; absence?: string }> {
  try {
    return { yardstick: await Yardstick.compile('bare_churn') }
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error
    return { yardstick: null, absence: error.message }
  }
}

function neperContender(program: string | undefined): Contender[] {
  if (program === undefined) return []
  return [{ name: names.neper, turn: (plan) => churnNeper(program, plan) }]
}

function notes(threads: number, absence: string | undefined, neper: string | undefined): string[] {
  return [
    `Each client and each server has ${threads} threads, each client ${flows} connections at a time; in all contenders the client closes with RST, so no TIME_WAIT is left. TCP Fast Open is used by none.`,
    'Each has both ends, but for c1m-native to bare C (--full): our client against the plain epoll echo server of bench/yardstick/bare_churn.c.',
    'Each run is held against the kernel: Tcp.ActiveOpens and Tcp.PassiveOpens grew by at least its transactions.',
    ...(absence === undefined ? [] : [`Bare C can't run here: ${absence}`]),
    neper === undefined
      ? "neper's tcp_crr can't run here: give its path to --neper or C1M_NEPER."
      : 'tcp_crr always sends a byte and awaits one; beside runs without payload it does more than they do.'
  ]
}
