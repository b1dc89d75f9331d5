/** Fair runs: in pairs, on a machine at rest, and counted by the kernel as well. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Counters } from '../lib/host/counter_files.js'
import { readCounters } from '../lib/host/counters.js'

/** One contender's turn. */
export type Turn<T> = () => Promise<T>

/**
 * Runs both contenders `pairs` times next to each other, A B, B A, A B, ...: what drifts meanwhile meets both alike,
 * and neither always follows the other. A turn of each before that is not counted: the first to touch memory the
 * hypervisor has not backed yet pays for it.
 */
export async function alternate<A, B>(
  pairs: number,
  a: Turn<A>,
  b: Turn<B>,
  progress: (done: number) => void = () => {}
): Promise<{ a: A[]; b: B[] }> {
  await a()
  await b()
  const results: { a: A[]; b: B[] } = { a: [], b: [] }
  for (let pair = 0; pair < pairs; pair++) {
    progress(pair)
    if (pair % 2 === 0) results.a.push(await a())
    results.b.push(await b())
    if (pair % 2 === 1) results.a.push(await a())
  }
  return results
}

/**
 * Like {@link alternate} with any number of contenders: every round has a turn of each, in one order and back in the
 * other. Gives a list of results for each.
 */
export async function inRounds<T>(
  rounds: number,
  turns: readonly Turn<T>[],
  progress: (done: number) => void = () => {}
): Promise<T[][]> {
  for (const turn of turns) await turn()
  const results: T[][] = turns.map(() => [])
  for (let round = 0; round < rounds; round++) {
    progress(round)
    const order = turns.map((turn, place) => ({ turn, place }))
    for (const { turn, place } of round % 2 === 0 ? order : order.reverse()) {
      results[place]?.push(await turn())
    }
  }
  return results
}

/**
 * Runs `turn` once the sockets of earlier turns are gone, and holds its claim to have opened so many connections
 * against the kernel's counts of connections opened and accepted.
 */
export async function witnessed<T>(claim: number | ((result: T) => number), turn: Turn<T>): Promise<T> {
  await settled()
  const before = readCounters()
  const result = await turn()
  const after = readCounters()
  const connections = typeof claim === 'number' ? claim : claim(result)
  for (const name of ['Tcp.ActiveOpens', 'Tcp.PassiveOpens']) {
    const counted = read(after, name) - read(before, name)
    if (counted < connections)
      throw new Error(`${connections} connections claimed, ${name} grew by ${counted}`)
  }
  return result
}

/** Resolves when the number of sockets on the host no longer falls. */
async function settled(): Promise<void> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const now = read(readCounters(), 'Sockstat.TCP.alloc')
    if (now >= before) return
    before = now
    await sleep(50)
  }
}

function read(counters: Counters, name: string): number {
  const value = counters[name]
  if (value === undefined) throw new Error(`this kernel does not tell ${name}`)
  return value
}
