import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../lib/result/result.js'
import { ending } from '../../cli/run_cli.js'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { main, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { hasCompiler, slowCable } from '../../helpers/slow_cable.js'

const dialed = ['-c', '20k', '--workers', '1']

describe.skipIf(!mayMakeNamespaces)('a dialer that cannot keep its rate (skipped without root)', () => {
  it.each([
    ['window', ['--window', '1']],
    ['CPU', []]
  ])('is named with its %s as the reason', async (_, args) => {
    using host = await Namespace.create()
    const result = await dialIn(host, ...dialed, '-r', '2m/s', ...args)
    expect(result.connections).toMatchObject({ established: 20_000, failed: 0 })
    expect(causesOf(result)).toEqual(['dialer-saturated'])
    expect(result.findings[0]).toMatchObject({ severity: 'warning', side: 'client' })
  })

  it('keeps the rate with the window that the remedy gives', { timeout: 30_000 }, async ({ skip }) => {
    skip(!hasCompiler, 'needs a C++ compiler')
    using hosts = await slowCable(50)
    await using _server = await listenIn(hosts.server, '198.18.30.2:8100')
    const paced = ['198.18.30.2:8100', '-c', '200', '-r', '100/s']
    const result = await dialIn(hosts.client, ...paced, '--window', '2')
    expect(causesOf(result)).toEqual(['dialer-saturated'])
    const [window = ''] = /(?<=--window )\d+/.exec(result.findings[0]?.remedy[0] ?? '') ?? []
    const healed = await dialIn(hosts.client, ...paced, '--window', window)
    expect(healed).toMatchObject({ connections: { established: 200, failed: 0 }, findings: [] })
  })

  it('is named together with the processes that took its CPU', async () => {
    using host = await Namespace.create()
    const onOneCpu = ['taskset', '-c', '0'] as const
    // The CPU is busy once each has printed a line.
    const hogs = Array.from({ length: 6 }, () =>
      host.spawn(...onOneCpu, 'sh', '-c', 'echo busy; while :; do :; done')
    )
    try {
      await Promise.all(hogs.map((hog) => once(hog.stdout as NodeJS.ReadableStream, 'data')))
      const dialing = host.spawn(
        ...onOneCpu,
        process.execPath,
        main,
        'dial',
        '--json',
        '-c',
        '20k',
        '-r',
        '100k/s'
      )
      const { stdout } = await ending(dialing)
      const result = JSON.parse(stdout) as RunResult
      expect(result.connections).toMatchObject({ established: 20_000, failed: 0 })
      expect(result.process.dialing.waitedSeconds).toBeGreaterThan(0)
      expect(causesOf(result)).toEqual(['dialer-saturated'])
      expect(result.findings[0]).toMatchObject({
        severity: 'warning',
        side: 'client',
        title: expect.stringContaining('other processes took the CPUs')
      })
    } finally {
      for (const hog of hogs) hog.kill('SIGKILL')
    }
  })

  it('is judged by the CPU time of the ramp, without that of hold and close', async () => {
    using host = await Namespace.create()
    const result = await dialIn(host, '-c', '2k', '-r', '2k/s', '--hold', '200ms')
    const { cpuSeconds, dialing } = result.process
    expect(dialing.cpuSeconds).toBeLessThan(cpuSeconds)
  })

  it('is not named when no rate was asked for', async () => {
    using host = await Namespace.create()
    const result = await dialIn(host, ...dialed, '--window', '1')
    expect(causesOf(result)).toEqual([])
  })
})
