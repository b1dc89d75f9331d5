/** Why there is a native engine at all: our engine beside pure `node:net`, both dialing the same native listener. */
import { availableParallelism } from 'node:os'
import { formatNumber } from '../../lib/base/units.js'
import { readHostFacts } from '../../lib/host/facts.js'
import { dialNet, dialOurs, Server } from '../contenders.js'
import { alternate, witnessed } from '../pairs.js'
import type { Comparison, Figure } from '../result.js'
import { compare, figure } from '../stats.js'
import { CannotRun, type Suite } from '../suite.js'

/** `each`: connections of each `net` process, unless its descriptors are fewer. */
const plans = { quick: { pairs: 3, each: 5000 }, full: { pairs: 15, each: 15_000 } }
/** Descriptors of a Node process that are no connections: about 20, and room to spare. */
const reserve = 100
/** Enough that no process has to search long for a free local port towards one of them. */
const ports = 16

export const connectVsNet: Suite = {
  title: 'connects per second beside pure node:net, against one native listener',
  async run({ mode, progress }) {
    const limit = descriptorLimit()
    const { pairs, each: planned } = plans[mode]
    const each = Math.min(planned, limit - reserve)
    if (each < 1000)
      throw new CannotRun(`RLIMIT_NOFILE of ${limit} leaves a net process no 1,000 connections`)
    const cores = availableParallelism()
    const figures: Figure[] = []
    const comparisons: Comparison[] = []
    for (const { processes, goal } of [
      { processes: 1, goal: 8 },
      { processes: cores, goal: 4 }
    ]) {
      const connections = processes * each
      const count = formatNumber(connections)
      const contender = processes === 1 ? 'one net process' : `${processes} net processes`
      await using server = await Server.start(ports)
      const { a: ours, b: net } = await alternate(
        pairs,
        () => witnessed(connections, () => dialOurs(connections, server.targets)),
        () => witnessed(connections, () => dialNet(processes, each, server)),
        (pair) => progress(`${contender}, pair ${pair + 1} of ${pairs}`)
      )
      const rates = [
        ours.map(({ timing }) => timing.connectsPerSecond),
        net.map(({ connectsPerSecond }) => connectsPerSecond)
      ] as const
      figures.push(
        figure(`c1m-native, ${count}`, '/s', rates[0]),
        figure(`${contender}, ${count}`, '/s', rates[1])
      )
      comparisons.push(
        compare(`c1m-native / ${contender}, ${count}`, ...rates, { bound: 'at least', value: goal })
      )
      if (processes === 1) {
        figures.push(
          figure(
            'net: resident memory per connection',
            'B',
            net.map((r) => r.rssBytesPerConnection)
          ),
          figure(
            'net: JavaScript heap per connection',
            'B',
            net.map((r) => r.heapBytesPerConnection)
          )
        )
      }
    }
    return { figures, comparisons, notes: notes(limit, each) }
  }
}

function notes(limit: number, each: number): string[] {
  const bound = Number.isFinite(limit) ? formatNumber(limit) : 'unlimited'
  return [
    `A net process dials ${formatNumber(each)}; libuv keeps all its sockets in the one descriptor table of the process, which RLIMIT_NOFILE bounds (here: ${bound}).`,
    'The rate of several processes spans from the first connect of any to the last connection of all.'
  ]
}

function descriptorLimit(): number {
  const { nofileHard } = readHostFacts().limits
  return typeof nofileHard === 'number' ? nofileHard : Number.POSITIVE_INFINITY
}
