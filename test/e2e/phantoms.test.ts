import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import { causesOf, dialIn, listenIn, loadRules } from '../helpers/causes.js'
import { connectNamespaces, jsonLines, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

const rules = `table inet t {
  chain in {
    type filter hook input priority 0;
    tcp dport 8100 tcp sport 5000-5007 tcp flags & syn == 0 drop
  }
}`

async function holding(lines: AsyncGenerator<Record<string, unknown>>): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done || value.phase === 'holding') return
  }
}

async function lastOf(lines: AsyncGenerator<Record<string, unknown>>): Promise<RunResult> {
  let last: unknown
  for await (const line of lines) last = line
  return last as RunResult
}

// The server drops the final ACKs of eight connections, so that it still waits for them when its accept queue fills.
describe.skipIf(!mayMakeNamespaces)('connections only the client believes in (skipped without root)', () => {
  it('are counted from afar, by SYN-ACKs that come again', { timeout: 40_000 }, async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    skip(!loadRules(server, rules), 'needs nft')
    const target = '198.18.60.2:8100'
    const listening = server.start('listen', target, '--workers', '1', '--backlog', '10', '--ndjson')
    await jsonLines(listening).next()
    listening.kill('SIGSTOP')

    const dialing = (ports: string, ...args: string[]) =>
      jsonLines(client.start('dial', target, '--source-ports', ports, '--ndjson', ...args))
    const phantoms = dialing('5000-5007', '-c', '8', '--hold', '5s', '--census')
    await holding(phantoms)
    // They fill the queue; who comes after is not let in.
    const others = dialing('6000-6010', '-c', '11', '--hold', '6s')
    await holding(others)
    server.run('nft', 'flush', 'ruleset')

    const result = await lastOf(phantoms)
    expect(result.connections.established).toBe(8)
    expect(result.census).toMatchObject({ connections: 8, states: { ESTABLISHED: 8 }, bytesReceived: 0 })
    expect(causesOf(result)).toEqual(['phantom-established'])
    const [found] = result.findings
    expect(found?.title).toMatch(/^8 of 8 connections are established for the client only/)
    expect(found?.evidence).toContainEqual({ name: 'census.repeatedSynAcks', before: null, after: 8 })
    await lastOf(others)
    listening.kill('SIGKILL')
  })

  it('are counted by what the server has, where that is here', { timeout: 40_000 }, async ({ skip }) => {
    using host = await Namespace.create()
    skip(!loadRules(host, rules), 'needs nft')
    const target = '127.0.0.1:8100'
    await using server = await listenIn(host, target, '--workers', '1', '--backlog', '10')
    server.stop()
    const args = ['--source-ports', '5000-5018', '-c', '19', '--workers', '1', '--hold', '1m', '--ndjson']
    const dialing = host.start('dial', target, ...args)
    const looks = jsonLines(dialing)
    // Those whose final ACK comes through fill the queue.
    await holding(looks)
    host.run('nft', 'flush', 'ruleset')
    // Live: the SYN-ACKs that come again find the queue full.
    for await (const look of looks) {
      const { findings } = look as unknown as Snapshot
      if (findings.length === 0) continue
      expect(causesOf({ findings })).toEqual(['accept-queue-overflow', 'phantom-established'])
      expect(findings[1]).toMatchObject({
        title: expect.stringMatching(/^8 of 19 connections are established for the client only/),
        evidence: expect.arrayContaining([{ name: 'server.queued', before: null, after: 11 }])
      })
      break
    }
    dialing.kill('SIGKILL')
  })

  it('are not seen in healthy ones held as long', { timeout: 40_000 }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    const target = '198.18.60.2:8100'
    const listening = server.start('listen', target, '--ndjson')
    await jsonLines(listening).next()
    const { stdout } = await client.cli('dial', target, '-c', '500', '--hold', '4s', '--census', '--json')
    const result = JSON.parse(stdout) as RunResult
    expect(result.findings).toEqual([])
    expect(result.census).toMatchObject({ connections: 500, missing: 0, states: { ESTABLISHED: 500 } })
    listening.kill('SIGKILL')
  })

  it('are counted in a churn that awaits no answer', { timeout: 40_000 }, async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, '127.0.0.1:8100', '--workers', '1', '--backlog', '10')
    server.stop()
    // Of the handshakes that are under way when the queue fills, the server drops the final ACKs.
    const result = await dialIn(
      host,
      '127.0.0.1:8100',
      '-c',
      '50',
      '--churn',
      '--duration',
      '2s',
      '--close',
      'rst'
    )
    const named = causesOf(result)
    expect(named).toContain('accept-queue-overflow')
    const accepted = result.counters['Tcp.PassiveOpens']?.delta ?? 0
    expect(named.includes('phantom-established')).toBe(result.connections.established > accepted)
  })
})
