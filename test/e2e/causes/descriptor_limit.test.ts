import { execFileSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../lib/dial/snapshot.js'
import type { RunResult } from '../../../lib/result/result.js'
import { causesOf, listenIn } from '../../helpers/causes.js'
import { jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('RLIMIT_NOFILE (skipped without root)', () => {
  it('is named within two seconds when it is lowered during a run, while the run continues', async () => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, target)
    // Ten seconds, and stopped once the cause is named.
    const dialing = host.start('dial', target, '-c', '15000', '-r', '1500', '--workers', '1', '--ndjson')
    const stderr = dialing.stderr ? text(dialing.stderr) : ''
    let lowered = false
    let failedAt: number | undefined
    let namedAt: number | undefined
    const live = new Set<string>()
    let last: unknown
    for await (const line of jsonLines(dialing)) {
      last = line
      if (!('phase' in line)) continue
      const { established, failed, findings, tSeconds } = line as unknown as Snapshot
      for (const { id } of findings) live.add(id)
      if (failed > 0) failedAt ??= tSeconds
      if (namedAt === undefined && findings.length > 0) {
        namedAt = tSeconds
        dialing.kill('SIGINT')
      }
      if (lowered || established === 0) continue
      // Each table may still grow to this, and no further.
      execFileSync('prlimit', ['--pid', `${dialing.pid}`, '--nofile=100:100'])
      lowered = true
    }
    const result = last as RunResult
    expect(result.errors).toContainEqual(expect.objectContaining({ phase: 'socket', code: 'EMFILE' }))
    expect(causesOf(result)).toEqual(['descriptor-limit'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'client' })
    expect([...live]).toEqual(['descriptor-limit'])
    expect((namedAt ?? Number.NaN) - (failedAt ?? Number.NaN)).toBeLessThanOrEqual(2)
    expect(await stderr).toMatch(/^critical: .* \(descriptor-limit\)$/m)
  })
})
