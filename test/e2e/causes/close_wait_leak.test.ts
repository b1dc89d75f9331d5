import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, serverIn, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

/** Sends a greeting on each connection, and closes none. */
const leaks = `
  use Socket; $| = 1; $SIG{PIPE} = 'IGNORE';
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 500); print "up\\n";
  while (accept(my $c, S)) { syswrite($c, "hello"); push(@all, $c) }`

/** Answers for five seconds to a client that closes its half at once, and then closes. */
const streams = `
  use Socket; $| = 1; $SIG{CHLD} = 'IGNORE';
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 500); print "up\\n";
  while (accept(my $c, S)) {
    next if fork; close(S);
    1 while sysread($c, my $b, 100);
    for (1 .. 50) { syswrite($c, "more"); select(undef, undef, undef, 0.1) }
    exit
  }`
const asks = `
  use Socket;
  for (1 .. 10) {
    socket(my $s, PF_INET, SOCK_STREAM, 0); connect($s, sockaddr_in(8100, inet_aton("127.0.0.1")));
    syswrite($s, "go"); shutdown($s, 1); push(@s, $s);
  }
  for my $s (@s) { 1 while sysread($s, my $b, 1000) }`

/** Accepts ten, and computes until a signal makes it sleep. */
const busy = `
  use Socket; $| = 1; my $sleeps = 0; $SIG{USR1} = sub { $sleeps = 1 };
  socket(S, PF_INET, SOCK_STREAM, 0);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 500); print "up\\n";
  for (1 .. 10) { accept(my $c, S); push(@all, $c) }
  until ($sleeps) {}
  sleep(1) while 1`
const leaves = `
  use Socket;
  for (1 .. 10) {
    socket(my $s, PF_INET, SOCK_STREAM, 0); connect($s, sockaddr_in(8100, inet_aton("127.0.0.1")));
    push(@s, $s);
  }
  shutdown($_, 1) for @s;
  sleep(1) while 1`

const churn = (duration: string) => ['--churn', '--duration', duration, '-c', '5', '--expect-bytes', '5']

describe.skipIf(!mayMakeNamespaces)(
  'a server that does not close its connections (skipped without root)',
  () => {
    it('is named by the dial and by a watch, with its process and how fast the leak grows', async () => {
      using host = await Namespace.create()
      await using server = await serverIn(host, 'perl', '-e', leaks)
      await using watching = await watchIn(host, target)
      const result = await dialIn(host, target, '-r', '20', ...churn('7s'))
      const title = expect.stringMatching(
        `^perl \\(pid ${server.pid}\\) does not close \\d+ connections at port 8100 .* in CLOSE_WAIT, \\d+ at first and \\d+ now$`
      )
      expect(causesOf(result)).toEqual(['close-wait-leak'])
      expect(result.findings[0]).toMatchObject({ severity: 'warning', side: 'server', title })
      const seen = await watching.stop()
      expect(causesOf(seen)).toEqual(['close-wait-leak'])
      expect(seen.findings[0]).toMatchObject({ title })
    })

    it('is not confused with a busy server that does close', async () => {
      using host = await Namespace.create()
      await using _server = await listenIn(host, target, '--mode', 'echo')
      await using watching = await watchIn(host, target)
      const args = ['-r', '1000', '--churn', '--duration', '5s', '-c', '50', '--message-size', '5']
      const result = await dialIn(host, target, ...args)
      expect(result.churn?.transactions).toBeGreaterThan(500)
      expect(causesOf(result)).toEqual([])
      expect(causesOf(await watching.stop())).toEqual([])
    })

    it('is not taken for one that is busy with something else when its clients close', async () => {
      using host = await Namespace.create()
      await using server = await serverIn(host, 'perl', '-e', busy)
      await using watching = await watchIn(host, target)
      const asking = host.spawn('perl', '-e', leaves)
      const half = await watching.until(({ sockets }) => sockets?.ports[0]?.closeWait.sockets === 10)
      const late = await watching.until(({ tSeconds }) => tSeconds >= half.tSeconds + 4)
      expect(late.sockets?.ports[0]?.closeWait).toMatchObject({ old: 10, oldUnread: 10 })
      expect(causesOf(late)).toEqual([])
      // It begins to wait for something, and reads none of them.
      process.kill(server.pid, 'SIGUSR1')
      expect(causesOf(await watching.found())).toEqual(['close-wait-leak'])
      asking.kill('SIGKILL')
    })

    it('is not taken for one that still answers to a client that has closed its half', async () => {
      using host = await Namespace.create()
      await using _server = await serverIn(host, 'perl', '-e', streams)
      await using watching = await watchIn(host, target)
      const asking = host.spawn('perl', '-e', asks)
      const half = await watching.until(({ sockets }) => sockets?.ports[0]?.closeWait.sockets === 10)
      await watching.until(({ tSeconds }) => tSeconds >= half.tSeconds + 4)
      expect(causesOf(await watching.stop())).toEqual([])
      asking.kill('SIGKILL')
    })
  }
)
