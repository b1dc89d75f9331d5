import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../lib/result/result.js'
import { causesOf, listenIn } from '../../helpers/causes.js'
import { jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('a source address that goes away (skipped without root)', () => {
  it('while it is dialed from is named', async () => {
    using host = await Namespace.create()
    host.run('ip', 'address', 'add', '198.18.1.1/32', 'dev', 'lo')
    await using _server = await listenIn(host, target)
    const dialing = host.start('dial', target, '-s', '198.18.1.1', '-c', '600', '-r', '400', '--ndjson')
    let last: unknown
    let removed = false
    for await (const line of jsonLines(dialing)) {
      last = line
      if (removed || (line.established as number) === 0) continue
      host.run('ip', 'address', 'del', '198.18.1.1/32', 'dev', 'lo')
      removed = true
    }
    const result = last as RunResult
    expect(result.errors).toMatchObject([{ phase: 'bind', code: 'EADDRNOTAVAIL' }])
    expect(causesOf(result)).toEqual(['source-address-missing'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      remedy: ['ip addr add 198.18.1.1/32 dev DEVICE']
    })
  })
})
