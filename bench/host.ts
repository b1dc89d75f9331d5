/** The machine a number was measured on, and how disturbed it was meanwhile. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { readHostFacts } from '../lib/host/facts.js'
import { resultHost } from '../lib/host/result_host.js'
import type { BenchHost, Noise } from './result.js'

export function readHost(): BenchHost {
  const facts = readHostFacts()
  return {
    ...resultHost(facts),
    cpuModel: cpus()[0]?.model ?? 'unknown',
    establishedHashBuckets: facts.tcp.ehashEntries
  }
}

/** The host in one line, to stand beside a number. */
export function hostLine({ kernel, cpus, cpuModel, memoryBytes, node }: BenchHost): string {
  return `Linux ${kernel}, ${cpus} CPUs (${cpuModel}), ${Math.round(memoryBytes / 2 ** 30)} GiB, Node ${node}`
}

/** Watches the machine from now on; call the returned function for what was seen. */
export function watchNoise(): () => Noise {
  const loadAverage = loadavg()[0] ?? 0
  const before = cpuTimes()
  return () => {
    const after = cpuTimes()
    const all = after.all - before.all
    return {
      loadAverage,
      stealShare: all > 0 ? Number(((after.steal - before.steal) / all).toPrecision(3)) : 0
    }
  }
}

/** The first line of proc_stat(5): user nice system idle iowait irq softirq steal, in ticks. */
function cpuTimes(): { all: number; steal: number } {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number)
  return { all: ticks.reduce((sum, n) => sum + n, 0), steal: ticks[7] ?? 0 }
}
