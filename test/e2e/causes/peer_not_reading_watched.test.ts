import { describe, expect, it } from 'vitest'
import { causesOf, serverIn, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

/** Sends as much as it can to each of 20 clients, without end. */
const sends = `
  use Socket; use IO::Handle; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 500); print "up\\n";
  for (1 .. 20) { accept(my $c, S); $c->blocking(0); push(@all, $c) }
  while (1) { for (@all) { syswrite($_, "x" x 65536) } select(undef, undef, undef, 0.01) }`

const connects = (then: string) => `
  use Socket; $| = 1;
  for (1 .. 20) {
    socket(my $s, PF_INET, SOCK_STREAM, 0); connect($s, sockaddr_in(8100, inet_aton("127.0.0.1")));
    push(@s, $s);
  }
  print "up\\n";
  while (1) { ${then} }`

describe.skipIf(!mayMakeNamespaces)('clients that do not read (skipped without root)', () => {
  it('are named by a watch beside their server', async () => {
    using host = await Namespace.create()
    await using _server = await serverIn(host, 'perl', '-e', sends)
    await using watching = await watchIn(host, target)
    await using _clients = await serverIn(host, 'perl', '-e', connects('sleep 1'))
    const { findings } = await watching.found()
    expect(causesOf({ findings })).toEqual(['peer-not-reading'])
    expect(findings[0]).toMatchObject({
      severity: 'warning',
      side: 'client',
      title: expect.stringMatching(/^the clients of \d+ of 20 connections at port 8100 /)
    })
  })

  it('are not confused with slow readers', async () => {
    using host = await Namespace.create()
    await using _server = await serverIn(host, 'perl', '-e', sends)
    await using watching = await watchIn(host, target)
    const slow = 'for (@s) { sysread($_, my $b, 200000) } select(undef, undef, undef, 0.1)'
    await using _clients = await serverIn(host, 'perl', '-e', connects(slow))
    const first = await watching.until(({ sockets }) => (sockets?.unacknowledged.sockets ?? 0) > 10)
    const last = await watching.until(({ tSeconds }) => tSeconds >= first.tSeconds + 5)
    expect(causesOf(last)).toEqual([])
  })
})
