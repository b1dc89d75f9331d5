import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'

const bin = join(inject('unpacked'), 'dist/cli/bin.cjs')

function elapsedMs(...args: string[]): number {
  const began = performance.now()
  execFileSync(process.execPath, args, { stdio: 'ignore' })
  return performance.now() - began
}

it('c1m-native --version takes at most 60 ms more than an empty Node script', () => {
  // In pairs, so that other load on the machine affects both alike.
  const pairs = Array.from({ length: 21 }, () => [elapsedMs('-e', '0'), elapsedMs(bin, '--version')] as const)
  const median = middle(pairs.map(([node, version]) => version - node))
  const ratio = middle(pairs.map(([node, version]) => version / node))
  console.log(
    `--version: ${median.toFixed(1)} ms more than node -e 0, ${ratio.toFixed(2)} times as long; medians of 21 pairs`
  )
  expect(median).toBeLessThan(60)
})

function middle(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
