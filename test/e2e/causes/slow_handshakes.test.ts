/** Answers that take more than a second, beside lost SYNs: the kernel repeats a SYN for either. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { mayMakeNamespaces } from '../../helpers/namespace.js'
import { hasCompiler, slowCable } from '../../helpers/slow_cable.js'

const target = '198.18.30.2:8100'
const dialed = [target, '-c', '60', '--connect-timeout', '30s']

/** A firewall in front of the server that drops what `matches`. */
const dropping = (matches: string, hook = 'prerouting') => `table inet t {
  set seen { type inet_service; size 65535; flags dynamic; }
  chain c {
    type filter hook ${hook} priority -400;
    ${matches} drop
  }
}`
const everyThirdSyn = 'tcp flags & (syn | ack) == syn numgen inc mod 3 == 0'
const everyThirdSynAck = 'tcp flags & (syn | ack) == (syn | ack) numgen inc mod 3 == 0'
const firstSyns = 'tcp flags & (syn | ack) == syn tcp sport != @seen add @seen { tcp sport }'

describe.skipIf(!mayMakeNamespaces || !hasCompiler)('a slow path (skipped without root)', () => {
  it('with a round trip of more than a second is named, and no packet is said to be lost', async () => {
    using cable = await slowCable(650)
    await using _listening = await listenIn(cable.server, target)
    const result = await dialIn(cable.client, ...dialed)
    expect(result.connections).toMatchObject({ established: 60, failed: 0 })
    expect(result.retransmits).toMatchObject({ connectionsWithSynRetry: 60, firstSynAnswered: 60 })
    expect(causesOf(result)).toEqual(['slow-handshakes'])
    expect(result.findings[0]).toMatchObject({
      severity: 'warning',
      side: 'path',
      title: expect.stringMatching(/^handshakes of 60 connections \(100 %\) took 1\.\d+ s: /)
    })
  })

  it.each([
    ['SYNs', everyThirdSyn, 'prerouting'],
    ['answers', everyThirdSynAck, 'output']
  ])('that also loses %s is named together with the loss', async (_, matches, hook) => {
    using cable = await slowCable(650)
    await using _listening = await listenIn(cable.server, target)
    expect(loadRules(cable.server, dropping(matches, hook))).toBe(true)
    const result = await dialIn(cable.client, ...dialed)
    expect(result.connections).toMatchObject({ established: 60, failed: 0 })
    expect(causesOf(result)).toEqual(['syn-loss', 'slow-handshakes'])
    // Repeated packets count too, so more or fewer than a third of the handshakes are affected.
    const [lost] = /^\d+/.exec(result.findings[0]?.title ?? '') ?? []
    expect(Number(lost)).toBeGreaterThanOrEqual(10)
    expect(Number(lost)).toBeLessThanOrEqual(35)
  })

  it('without timestamps is reported as either loss or delay', async () => {
    using cable = await slowCable(650)
    cable.server.run('sysctl', '-q', '-w', 'net.ipv4.tcp_timestamps=0')
    await using _listening = await listenIn(cable.server, target)
    const result = await dialIn(cable.client, ...dialed)
    expect(causesOf(result)).toEqual(['syn-loss'])
    expect(result.findings[0]).toMatchObject({
      severity: 'info',
      title: expect.stringContaining('SYNs were lost, or answered after more than a second')
    })
  })

  it('is not named when the first SYN of every connection is lost', async () => {
    using cable = await slowCable(50)
    await using _listening = await listenIn(cable.server, target)
    expect(loadRules(cable.server, dropping(firstSyns))).toBe(true)
    const result = await dialIn(cable.client, ...dialed)
    expect(result.retransmits).toMatchObject({ connectionsWithSynRetry: 60, repeatedSynAnswered: 60 })
    expect(causesOf(result)).toEqual(['syn-loss'])
  })

  it('is not named when some SYN-ACKs are lost, though the later ones echo the first SYN', async () => {
    using cable = await slowCable(50)
    await using _listening = await listenIn(cable.server, target)
    expect(loadRules(cable.server, dropping(everyThirdSynAck, 'output'))).toBe(true)
    const result = await dialIn(cable.client, ...dialed)
    expect(result.retransmits.firstSynAnswered).toBeGreaterThan(0)
    expect(causesOf(result)).toEqual(['syn-loss'])
    expect(result.findings[0]?.title).toMatch(/packets are lost .*; their latencies gather at 1 s/)
  })
})
