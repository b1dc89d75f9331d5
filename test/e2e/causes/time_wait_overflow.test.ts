import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, typeIn, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('more TIME_WAITs than tcp_max_tw_buckets (skipped without root)', () => {
  it('are named on both sides, and fit after the remedy', async () => {
    using host = await Namespace.create()
    host.run('sysctl', '-q', '-w', 'net.ipv4.tcp_max_tw_buckets=10')
    await using _server = await listenIn(host, target, '--mode', 'close-first')
    await using watching = await watchIn(host, target)
    const churn = ['--churn', '--close-by', 'server', '-r', '500', '--duration', '500ms']
    const dialing = dialIn(host, target, '-c', '10', ...churn)
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['time-wait-overflow'])
    expect(seen.findings[0]).toMatchObject({ severity: 'warning', side: 'server' })
    const result = await dialing
    expect(result.connections.failed).toBe(0)
    expect(causesOf(result)).toEqual(['time-wait-overflow'])
    expect(result.findings[0]?.evidence).toContainEqual({
      name: 'net.ipv4.tcp_max_tw_buckets',
      before: null,
      after: 10
    })
    typeIn(host, result.findings[0]?.remedy[0] ?? 'false')
    expect(causesOf(await dialIn(host, target, '-c', '10', ...churn))).toEqual([])
  })
})
