import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** A client and an echoing server; other sockets at the client hold the ports in `strangers`. */
async function churned(strangers: string | null, timestampsOfServer = 1) {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', server, '198.18.1.2/24')
  server.run('sysctl', '-q', '-w', `net.ipv4.tcp_timestamps=${timestampsOfServer}`)
  const listening = await listenIn(server, '198.18.1.2:8100', '--mode', 'echo')
  const holding = strangers === null ? null : await listenIn(client, `198.18.1.1:${strangers}`)
  return {
    dial: (...args: string[]) =>
      dialIn(client, '198.18.1.2:8100', '--churn', '--send', 'hi', '--expect-bytes', '2', ...args),
    async [Symbol.asyncDispose]() {
      await holding?.[Symbol.asyncDispose]()
      await listening[Symbol.asyncDispose]()
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('a tuple space (skipped without root)', () => {
  it('is named when other sockets use part of it, and the source ports that the remedy adds are enough', async () => {
    using host = await Namespace.create()
    const target = '127.0.0.1:8100'
    await using _server = await listenIn(host, target)
    await using _stranger = await listenIn(host, '127.0.0.1:5000-5009')
    const args = ['-s', '127.0.0.1', '--source-ports', '5000-5099', '-c', '100']
    const result = await dialIn(host, target, ...args)
    expect(result.connections).toMatchObject({ established: 90, failed: 10, skippedPorts: 10 })
    expect(causesOf(result)).toEqual(['tuple-space-exhausted'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: '100 4-tuples were too few for 100 connections: other sockets hold 10 of them'
    })
    const [ports = ''] = /(?<=--source-ports )\S+/.exec(result.findings[0]?.remedy.join('\n') ?? '') ?? []
    const healed = await dialIn(host, target, ...args.with(3, ports))
    expect(healed).toMatchObject({ connections: { established: 100, failed: 0 }, findings: [] })
  })
})

describe.skipIf(!mayMakeNamespaces)('the tuple space of a churn (skipped without root)', () => {
  it('is not named when other sockets hold a fifth of it, however often the run meets them', async () => {
    await using hosts = await churned('5000-5019')
    const result = await hosts.dial(
      '-c',
      '10',
      '--source-ports',
      '5000-5099',
      '-r',
      '500/s',
      '--duration',
      '2s'
    )
    expect(result.connections).toMatchObject({ failed: 0 })
    expect(result.connections.skippedPorts).toBeGreaterThan(100)
    expect(causesOf(result)).toEqual([])
  })

  it('is named when other sockets leave three ports for ten connections', async () => {
    await using hosts = await churned('5000-5096')
    // Each connection stays open while the dial waits for an answer that never completes.
    const result = await hosts.dial(
      ...['-c', '10', '--source-ports', '5000-5099', '--duration', '2s'],
      ...['--expect-bytes', '9', '--exchange-timeout', '10s']
    )
    expect(result.connections).toMatchObject({ peak: 3 })
    expect(causesOf(result)).toEqual(['tuple-space-exhausted'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: expect.stringMatching(
        /^none of 100 4-tuples was free for [\d,]+ of [\d,]+ connection starts: other sockets hold about 97 of them$/
      )
    })
  })

  it('is named when TIME_WAIT holds it because the peer has no timestamps, and closing by RST fixes it', async () => {
    await using hosts = await churned(null, 0)
    const args = ['-c', '10', '--source-ports', '5000-5099', '--duration', '1s']
    const result = await hosts.dial(...args)
    expect(result.connections.established).toBeGreaterThanOrEqual(100)
    expect(result.connections.failed).toBeGreaterThan(0)
    expect(causesOf(result)).toEqual(['tuple-space-exhausted'])
    expect(result.findings[0]?.title).toMatch(
      /TIME_WAIT held up to \d+ of them, which cannot be taken over without timestamps at both ends$/
    )
    expect(result.findings[0]?.remedy[0]).toBe('c1m-native dial --close rst ...')
    // Other ports: those of the first run stay in TIME_WAIT for a minute.
    const healed = await hosts.dial(...args.with(3, '6000-6099'), '--close', 'rst')
    expect(healed.connections.failed).toBe(0)
    expect(causesOf(healed)).toEqual([])
  })
})
