import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '198.18.30.2:8100'
const unmet = { established: 0, timedOut: 0, pending: 0 }

/** Drops SYNs at random in the same proportion, because dropping every nth SYN would stay in step with the repeats. */
const losing = (share: number) => `table inet lossy {
  chain in {
    type filter hook prerouting priority -400;
    tcp flags & (syn | ack) == syn numgen random mod 100 < ${share} drop
  }
}`

/** 33 ports for all clients of the NAT; the RST that would end an older connection is dropped. */
const nat = `table ip t {
  chain out {
    type nat hook postrouting priority 100;
    oifname "out" ip protocol tcp snat to 198.18.20.1:2048-2080
  }
}`
const withoutResets = `table ip resets {
  chain onward {
    type filter hook forward priority 0;
    iifname "in" tcp flags & rst == rst drop
  }
}`

describe.skipIf(!mayMakeNamespaces)('the finding time-wait-paws (skipped without root)', () => {
  describe('is not named for', () => {
    it('SYNs lost by a dial that closes by RST', { timeout: 90_000 }, async ({ skip }) => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
      skip(!loadRules(server, losing(40)), 'needs nft')
      await using _listening = await listenIn(server, target)
      const result = await dialIn(client, target, '-c', '200', '--connect-timeout', '60s', '--close', 'rst')
      expect(result.connections).toMatchObject({ established: 200, failed: 0 })
      expect(result.retransmits.syn).toBeGreaterThan(0)
      expect(result.staleAnswers).toEqual(unmet)
      expect(causesOf(result)).toEqual(['syn-loss'])
    })

    it('SYNs lost by a churn whose server closes each connection once it is established', {
      timeout: 30_000
    }, async ({ skip }) => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
      skip(!loadRules(server, losing(20)), 'needs nft')
      await using _listening = await listenIn(server, target, '--mode', 'close-first')
      const churn = ['--churn', '--close-by', 'server', '--duration', '5s']
      const result = await dialIn(client, target, '-c', '100', ...churn)
      expect(result.retransmits.syn).toBeGreaterThan(0)
      expect(result.staleAnswers).toEqual(unmet)
      expect(causesOf(result)).toEqual(['syn-loss'])
    })

    it('SYNs lost while closed ports of this host refuse other clients', { timeout: 90_000 }, async ({
      skip
    }) => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
      skip(!loadRules(server, losing(20)), 'needs nft')
      await using _listening = await listenIn(server, target)
      const probing = server.spawn(
        'bash',
        '-c',
        'while :; do (exec 3<>/dev/tcp/198.18.30.1/9999) 2>/dev/null; read -rt .02 <> <(:); done'
      )
      const result = await dialIn(client, target, '-c', '200', '--connect-timeout', '60s')
      const exited = once(probing, 'exit')
      probing.kill('SIGKILL')
      await exited
      expect(result.counters['Tcp.OutRsts']?.delta).toBeGreaterThan(10)
      expect(result.staleAnswers).toEqual(unmet)
      expect(causesOf(result)).toEqual(['syn-loss'])
    })

    it('SYN-ACKs that arrive after the handshake timed out or its SYN was repeated', {
      timeout: 90_000
    }, async ({ skip }) => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
      try {
        // 1,000 bytes a second: beyond the first twenty, each SYN-ACK waits 74 ms more.
        server.run('tc', ...'qdisc add dev veth0 root tbf rate 8kbit burst 1600 latency 30s'.split(' '))
      } catch {
        skip('needs tc with tbf')
      }
      await using _listening = await listenIn(server, target)
      const late = await dialIn(client, target, '-c', '60', '--connect-timeout', '900ms')
      expect(late.connections.failed).toBeGreaterThan(10)
      expect(late.staleAnswers).toEqual(unmet)
      expect(causesOf(late)).toEqual(['syn-unanswered'])
      const patient = await dialIn(client, target, '-c', '60', '--connect-timeout', '30s')
      expect(patient.connections).toMatchObject({ established: 60, failed: 0 })
      expect(patient.retransmits.syn).toBeGreaterThan(0)
      expect(patient.staleAnswers).toEqual(unmet)
      expect(causesOf(patient)).not.toContain('time-wait-paws')
      expect(causesOf(patient)).not.toContain('old-connection-at-server')
    })

    it('a churn over few ports that reuses a port before its close is complete', async () => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
      await using _listening = await listenIn(server, target)
      const few = ['-c', '50', '--source-ports', '5000-5999', '--churn', '--duration', '2s']
      const result = await dialIn(client, target, ...few)
      expect(result.connections.attempted).toBeGreaterThan(1000)
      expect(result.connections.failed).toBe(0)
      // A server short of CPU time closes late, and more SYNs meet its TIME_WAITs.
      const met = result.staleAnswers.established / result.connections.attempted
      expect(causesOf(result)).toEqual(met < 0.01 ? [] : ['old-connection-at-server'])
    })

    it('SYNs lost between two ends on this host, where late segments of closes meet TIME_WAITs', async ({
      skip
    }) => {
      using host = await Namespace.create()
      skip(!loadRules(host, losing(5)), 'needs nft')
      await using _listening = await listenIn(host, '127.0.0.1:8100')
      const result = await dialIn(host, '127.0.0.1:8100', '-c', '1000', '--connect-timeout', '60s')
      expect(result.connections).toMatchObject({ established: 1000, failed: 0 })
      expect(result.staleAnswers).toEqual(unmet)
      // A rule on this host drops them.
      expect(causesOf(result)).toEqual(['local-drop'])
    })
  })

  it('is named when the RST that frees the 4-tuple is lost and the run ends before its next SYN', async ({
    skip
  }) => {
    using client = await Namespace.create()
    using router = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.10.2/24', router, '198.18.10.1/24', 'in')
    connectNamespaces(router, '198.18.20.1/24', server, '198.18.20.2/24', 'out')
    client.run('ip', 'route', 'add', 'default', 'via', '198.18.10.1')
    router.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
    skip(!loadRules(router, nat) || !loadRules(router, withoutResets), 'needs nft with NAT')
    await using _listening = await listenIn(server, '198.18.20.2:443', '--mode', 'close-first')
    const churn = ['--churn', '--close-by', 'server', '--duration', '1s']
    const result = await dialIn(client, '198.18.20.2:443', '-c', '20', '-r', '60/s', ...churn)
    expect(result.connections.failed).toBe(0)
    expect(causesOf(result)).toEqual(['time-wait-paws'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'server' })
  })

  it('is named by the counters of a server on this host', async ({ skip }) => {
    using host = await Namespace.create()
    const own = nat
      .replace('oifname "out" ip protocol tcp', 'tcp dport 8100')
      .replace('198.18.20.1', '127.0.0.9')
    skip(!loadRules(host, own), 'needs nft with NAT')
    await using _listening = await listenIn(host, '127.0.0.1:8100', '--mode', 'close-first')
    const churn = ['--churn', '--close-by', 'server', '--duration', '4s']
    const result = await dialIn(host, '127.0.0.1:8100', '-c', '8', '-r', '25/s', ...churn)
    expect(causesOf(result)).toEqual(['time-wait-paws'])
    expect(result.findings[0]?.title).toMatch(
      /^\d+ SYNs met a TIME_WAIT of their 4-tuple with an older timestamp/
    )
    expect(result.findings[0]?.evidence.map(({ name }) => name)).toContain('TcpExt.PAWSTimewait')
  })
})
