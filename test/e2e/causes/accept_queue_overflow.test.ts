import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules, serverIn, typeIn, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'
// One after the other, because several at once may all take the last place in the queue.
const slowly = ['-r', '200', '--connect-timeout', '1500ms']

/** Listens with a backlog of 5 and accepts nothing. */
const deaf = (address: string, port: number) => `
  use Socket; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(${port}, inet_aton("${address}"))); listen(S, 5); print "up\\n"; sleep`

/** The same on any address of IPv6, which includes IPv4. */
const deafAnywhere = `
  use Socket; $| = 1;
  socket(S, PF_INET6, SOCK_STREAM, 0); setsockopt(S, 41, 26, pack("i", 0));
  bind(S, Socket::pack_sockaddr_in6(8100, Socket::IN6ADDR_ANY)); listen(S, 5); print "up\\n"; sleep`

/** Four listeners at one port (SO_REUSEPORT is 15); three accept all, one nothing. */
const oneOfFourDeaf = `
  use Socket; $| = 1;
  for my $i (1 .. 4) {
    socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, 15, pack("i", 1));
    bind($s, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen($s, $i == 2 ? 5 : 500);
    $i == 2 ? ($deaf = $s) : push(@s, $s);
  }
  print "up\\n";
  while (1) {
    my $bits = ''; vec($bits, fileno($_), 1) = 1 for @s;
    select(my $ready = $bits, undef, undef, undef);
    for (@s) { my $c; push(@all, $c) if vec($ready, fileno($_), 1) && accept($c, $_) }
  }`

describe.skipIf(!mayMakeNamespaces)('a listener that stops accepting (skipped without root)', () => {
  it('is named by the dial and by a watch, with its queue, and accepts again after the remedy', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, target, '--workers', '1', '--backlog', '5')
    server.stop()
    await using watching = await watchIn(host, target)
    const result = await dialIn(host, target, '-c', '30', ...slowly)
    expect(result.connections).toMatchObject({ established: 6, failed: 24 })
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
    const named = {
      side: 'server',
      title: expect.stringMatching(/; 127\.0\.0\.1:8100 has 6 waiting at a backlog of 5$/),
      evidence: expect.arrayContaining([
        { name: 'listener 127.0.0.1:8100', before: null, after: '6 queued, backlog 5' },
        { name: 'dropped by 127.0.0.1:8100', before: null, after: expect.any(Number) }
      ])
    }
    expect(result.findings[0]).toMatchObject({ ...named, severity: 'critical' })
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['accept-queue-overflow'])
    expect(seen.findings[0]).toMatchObject({ ...named, severity: 'warning' })
    typeIn(host, result.findings[0]?.remedy[0] ?? 'false')
    const healed = await dialIn(host, target, '-c', '30', ...slowly)
    expect(healed.connections).toMatchObject({ established: 30, failed: 0 })
    expect(causesOf(healed)).toEqual([])
  })

  it('is fixed by the longer backlog that the remedy asks for', async () => {
    using host = await Namespace.create()
    const args = [target, '-c', '100', ...slowly]
    const overflow = async (): Promise<string[]> => {
      await using server = await listenIn(host, target, '--workers', '1', '--backlog', '5')
      server.stop()
      const result = await dialIn(host, ...args)
      expect(causesOf(result)).toEqual(['accept-queue-overflow'])
      return result.findings[0]?.remedy ?? []
    }
    const [, , advice] = ['', ...(await overflow())]
    expect(advice).toContain('was stopped by a signal')
    await using longer = await listenIn(host, target, '--workers', '1', '--backlog', '4096')
    longer.stop()
    const healed = await dialIn(host, ...args)
    expect(healed.connections).toMatchObject({ established: 100, failed: 0 })
    expect(causesOf(healed)).toEqual([])
  })

  it('is found when it listens on any address of IPv6 and is dialed over IPv4', async () => {
    using host = await Namespace.create()
    await using _server = await serverIn(host, 'perl', '-e', deafAnywhere)
    const result = await dialIn(host, target, '-c', '30', ...slowly)
    expect(result.connections).toMatchObject({ established: 6, failed: 24 })
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
    expect(result.findings[0]?.title).toMatch(/; \[::\]:8100 has 6 waiting at a backlog of 5$/)
    expect(result.findings[0]?.remedy[1]).toContain('tcp-backlog')
  })

  it('is found behind a NAT that translates its ports', async ({ skip }) => {
    using host = await Namespace.create()
    const redirect = `table ip t {
      chain out { type nat hook output priority -100; tcp dport 9100 redirect to :8100; }
    }`
    skip(!loadRules(host, redirect), 'needs nft with NAT')
    await using _server = await serverIn(host, 'perl', '-e', deaf('127.0.0.1', 8100))
    const result = await dialIn(host, '127.0.0.1:9100', '-c', '30', ...slowly)
    expect(result.connections).toMatchObject({ established: 6, failed: 24 })
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
    expect(result.findings[0]?.title).toMatch(/; 127\.0\.0\.1:8100 has 6 waiting at a backlog of 5$/)
  })

  it('is distinguished from the other listeners on its port', async () => {
    using host = await Namespace.create()
    await using server = await serverIn(host, 'perl', '-e', oneOfFourDeaf)
    const result = await dialIn(host, target, '-c', '200', ...slowly)
    expect(result.connections.failed).toBeGreaterThan(10)
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
    expect(result.findings[0]?.title).toContain(
      `; 1 of 4 listeners at 127.0.0.1:8100 (perl, pid ${server.pid}) has 6 waiting at a backlog of 5`
    )
  })

  it('is not blamed for losses at another listener of the same host', async ({ skip }) => {
    using host = await Namespace.create()
    const lossy = `table inet t {
      chain in {
        type filter hook input priority 0;
        tcp dport 8200 tcp flags & (syn | ack) == syn numgen inc mod 5 == 0 drop
      }
    }`
    skip(!loadRules(host, lossy), 'needs nft')
    await using _server = await listenIn(host, '127.0.0.1:8200')
    await using _stranger = await serverIn(host, 'perl', '-e', deaf('127.0.0.1', 9999))
    await using watching = await watchIn(host, '127.0.0.1:8200')
    const overflowing = dialIn(host, '127.0.0.1:9999', '-c', '60', '--connect-timeout', '6s')
    const result = await dialIn(host, '127.0.0.1:8200', '-c', '500')
    expect(result.connections).toMatchObject({ established: 500, failed: 0 })
    expect(causesOf(result)).toEqual(['syn-loss'])
    expect(causesOf(await overflowing)).toContain('accept-queue-overflow')
    const { counters, findings } = await watching.stop()
    expect(counters['TcpExt.ListenOverflows']?.delta).toBeGreaterThan(50)
    expect(findings).toEqual([])
  })
})
