import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../lib/result/result.js'
import { causesOf, dialIn, listenIn, loadRules, tracked, watchIn } from '../../helpers/causes.js'
import { changeHost, mayChangeHost, whyNot } from '../../helpers/host_changes.js'
import { Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100-8103'
const buckets = 'net.netfilter.nf_conntrack_buckets'

const untracked = `table inet c1m {
  chain pre { type filter hook prerouting priority raw; tcp dport 8100-8103 notrack; tcp sport 8100-8103 notrack; }
  chain out { type filter hook output priority raw; tcp dport 8100-8103 notrack; tcp sport 8100-8103 notrack; }
}`

/** More than 512 buckets, the fewest there can be, take: chains of 80. */
const connections = 30_000

/** Connections per second in the last second of a run. */
function lastRate({ series, timing }: RunResult): number {
  const last = series.filter(({ tSeconds }) => tSeconds <= timing.dialSeconds).at(-1)?.tSeconds ?? 0
  const late = series.filter(({ tSeconds }) => tSeconds > last - 1 && tSeconds <= timing.dialSeconds)
  return late.reduce((sum, { connectsPerSecond }) => sum + connectsPerSecond, 0) / Math.max(1, late.length)
}

describe.skipIf(!mayChangeHost)(`nf_conntrack_buckets (${whyNot})`, () => {
  it('that are too few are named, and either remedy restores the rate', { timeout: 60_000 }, async ({
    skip,
    annotate
  }) => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, target)
    const dial = () =>
      dialIn(host, target, '-c', `${connections}`, '--window', '16', '--duration', '6s', '--close', 'rst')
    const never = await dial()
    expect(never.findings).toEqual([])
    skip(!loadRules(host, tracked), 'needs nft with connection tracking')
    await using watching = await watchIn(host, target)
    {
      using _few = await changeHost(buckets, 512)
      const result = await dial()
      expect(result.connections.established).toBeLessThan(connections)
      expect(lastRate(result)).toBeLessThan(never.timing.connectsPerSecond / 100)
      expect(causesOf(result)).toEqual(['conntrack-chain-too-long'])
      const [found] = result.findings
      expect(found?.title).toMatch(/: [\d,]+ entries in 512 buckets make chains of \d+/)
      expect(found?.evidence).toContainEqual({
        name: 'Conntrack.chaintoolong',
        before: expect.any(Number),
        after: expect.any(Number)
      })
      expect(found?.remedy).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^sysctl -w net\.netfilter\.nf_conntrack_buckets=\d+$/),
          expect.stringMatching(/notrack'$/)
        ])
      )
      expect(causesOf(await watching.found())).toEqual(['conntrack-chain-too-long'])

      expect(loadRules(host, untracked)).toBe(true)
      const notTracked = await dial()
      expect(notTracked.connections.established).toBe(connections)
      expect(notTracked.findings).toEqual([])
      annotate(`notrack: ${ratio(notTracked, never)}`)
      host.run('nft', 'delete', 'table', 'inet', 'c1m')
    }
    // With the original number of buckets the chains are short again.
    const many = await dial()
    expect(many.connections.established).toBe(connections)
    expect(many.findings).toEqual([])
    annotate(`more buckets: ${ratio(many, never)}`)
  })
})

function ratio({ timing }: RunResult, to: RunResult): string {
  return `${(timing.connectsPerSecond / to.timing.connectsPerSecond).toFixed(2)} times the rate without tracking`
}
