import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../lib/result/result.js'
import type { WatchSnapshot } from '../../lib/watch/watch_result.js'
import { connectNamespaces, jsonLines, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

/** 33 ports for all clients of the NAT: each is reused while the server still has the TIME_WAIT of its last use. */
const rules = `table ip t {
  chain out {
    type nat hook postrouting priority 100;
    oifname "out" ip protocol tcp snat to 198.18.20.1:2048-2080
  }
}`

describe.skipIf(!mayMakeNamespaces)('a server behind a NAT that closes first (skipped without root)', () => {
  it('is watched: its TIME_WAITs drop SYNs, which the server itself never notices', {
    timeout: 60_000
  }, async ({ skip }) => {
    using client = await Namespace.create()
    using nat = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.10.2/24', nat, '198.18.10.1/24', 'in')
    connectNamespaces(nat, '198.18.20.1/24', server, '198.18.20.2/24', 'out')
    client.run('ip', 'route', 'add', 'default', 'via', '198.18.10.1')
    try {
      nat.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
      nat.run('nft', rules)
    } catch {
      skip('needs nft with NAT')
    }
    const target = '198.18.20.2:443'
    const listening = server.start('listen', target, '--mode', 'close-first', '--ndjson')
    await jsonLines(listening).next()
    const watching = server.start('watch', target, '--every', '200ms', '--ndjson')
    const looks = jsonLines(watching)
    await looks.next()

    const churn = ['--churn', '--close-by', 'server', '--duration', '8s']
    const dialing = client.cli('dial', target, '-c', '8', '-r', '25/s', ...churn, '--json')
    let seen: WatchSnapshot | undefined
    for await (const look of looks) {
      seen = look as unknown as WatchSnapshot
      if (seen.findings.length > 0) break
    }
    expect(seen?.findings.map(({ id }) => id)).toEqual(['time-wait-paws'])
    expect(seen?.findings[0]).toMatchObject({ side: 'server' })
    watching.kill('SIGKILL')

    const result = JSON.parse((await dialing).stdout) as RunResult
    expect(result.retransmits.syn).toBeGreaterThan(0)
    // Slow handshakes are explained by the TIME_WAITs they met, not by loss.
    expect(result.findings.map(({ id }) => id)).toEqual(['time-wait-paws'])
    expect(result.findings[0]?.title).toMatch(/^\d+ SYNs were answered with a stale ACK, not lost/)

    // A dial that knows of the NAT also reports that its ports were reused too early.
    const known = ['--nat-ports', '2048-2080', '-c', '8', '-r', '25/s', '--churn', '--close-by', 'server']
    const again = await client.cli('dial', target, ...known, '--duration', '4s', '--json')
    const { findings } = JSON.parse(again.stdout) as RunResult
    expect(findings.map(({ id }) => id).sort()).toEqual(['time-wait-paws', 'tuple-reuse-rate'])
    expect(findings.find(({ id }) => id === 'tuple-reuse-rate')).toMatchObject({
      side: 'path',
      title: expect.stringMatching(/^2\d(\.\d)?\/s used 33 5-tuples again before TIME_WAIT forgot them/)
    })
    listening.kill('SIGINT')
    await once(listening, 'exit')
  })
})
