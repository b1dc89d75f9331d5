import { describe, expect, it } from 'vitest'
import type { WatchSnapshot } from '../../../lib/watch/watch_result.js'
import { causesOf, heldBy, listenIn, serverIn, typeIn, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'
const talk = ['-c', '50', '--send', 'hello', '--expect-bytes', '5', '--exchange-timeout', '50s']

/** The finding is reported once the first connection has waited long enough. */
const onAllOf50 = ({ findings }: WatchSnapshot) =>
  findings.some(({ title }) => title.includes(' on 50 connections'))

/** Accepts 50 connections and then does something else. */
const sleeps = `
  use Socket; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 500); print "up\\n";
  for (1 .. 50) { accept(my $c, S); push(@all, $c) }
  sleep`

/** Reads from each connection in turn, ten bytes at a time. */
const reads = `
  use Socket; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 500); print "up\\n";
  for (1 .. 50) { accept(my $c, S); push(@all, $c) }
  while (1) { for (@all) { sysread($_, my $b, 10); select(undef, undef, undef, 0.02) } }`

describe.skipIf(!mayMakeNamespaces)('a server that does not read (skipped without root)', () => {
  it('because a signal has stopped it is named as stopped, and reads again after the remedy', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, target, '--mode', 'echo')
    await using _dialing = await heldBy(host, target, ...talk, '--every', '300ms')
    {
      await using watching = await watchIn(host, target)
      server.stop()
      const { findings } = await watching.until(onAllOf50)
      expect(causesOf({ findings })).toEqual(['peer-stalled'])
      expect(findings[0]).toMatchObject({
        severity: 'warning',
        side: 'server',
        title: expect.stringMatching(
          /^node \(pid \d+\) is stopped and reads nothing for [\d.]+ s on 50 connections at port 8100: /
        )
      })
      typeIn(host, findings[0]?.remedy[0] ?? 'false')
    }
    await using again = await watchIn(host, target)
    const { findings } = await again.until(({ tSeconds }) => tSeconds >= 5)
    expect(findings).toEqual([])
  })

  it('is named with its process', async () => {
    using host = await Namespace.create()
    await using server = await serverIn(host, 'perl', '-e', sleeps)
    await using watching = await watchIn(host, target)
    await using _dialing = await heldBy(host, target, '-c', '50', '--send', 'hello')
    const { findings } = await watching.until(onAllOf50)
    expect(causesOf({ findings })).toEqual(['peer-stalled'])
    expect(findings[0]?.title).toContain(`perl (pid ${server.pid}) has read nothing for `)
    expect(findings[0]?.title).toMatch(/ on 50 connections at port 8100: 250 bytes wait for it$/)
  })

  it('is not confused with a slow server', async () => {
    using host = await Namespace.create()
    await using _server = await serverIn(host, 'perl', '-e', reads)
    await using watching = await watchIn(host, target)
    await using _dialing = await heldBy(host, target, '-c', '50', '--send', 'much to read'.repeat(100))
    const first = await watching.until(({ sockets }) => (sockets?.unread.sockets ?? 0) > 40)
    const last = await watching.until(({ tSeconds }) => tSeconds >= first.tSeconds + 6)
    expect(last.sockets?.unread.sockets).toBeGreaterThan(40)
    expect(causesOf(last)).toEqual([])
  })
})
