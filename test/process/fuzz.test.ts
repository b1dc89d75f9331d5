/**
 * Random calls and command lines: each ends in a result or in a sentence, and none in a crash. The seed of a failing case
 * repeats it: `C1M_FUZZ_SEED=SEED C1M_FUZZ_COUNT=1 npm run test:fuzz`.
 */
import { expect, it } from 'vitest'
import { fuzz, mayIsolate } from '../fuzz/run.js'

const seed = Number(process.env.C1M_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const count = Number(process.env.C1M_FUZZ_COUNT ?? 1200)

it(
  'random calls and command lines end in a result or in a one-sentence error',
  async ({ skip }) => {
    skip(!mayIsolate(), 'needs a user namespace with a network of its own (unshare -rn) and ip(8)')
    console.log(`C1M_FUZZ_SEED=${seed} C1M_FUZZ_COUNT=${count}`)
    const { cases, mishaps } = await fuzz(seed, count, Math.min(2, count))
    for (const { seed, what, problem } of mishaps)
      console.log(`C1M_FUZZ_SEED=${seed} C1M_FUZZ_COUNT=1 npm run test:fuzz\n  ${what}\n  ${problem}\n`)
    expect({ cases, mishaps: mishaps.length }).toEqual({ cases: count, mishaps: 0 })
  },
  30 * 60_000
)
