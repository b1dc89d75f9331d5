import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { causesOf, daemonIn, dialIn, serverIn, typeIn, watchIn } from '../../helpers/causes.js'
import { isInstalled } from '../../helpers/daemons.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const target = '127.0.0.1:8100'

/** Accepts as long as it can and keeps all connections; its backlog is 20. */
const keeps = `
  use Socket; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 20); print "up\\n";
  while (1) { my $c; accept($c, S) ? push(@all, $c) : select(undef, undef, undef, 0.05) }`

/** The same with libuv, which keeps a spare descriptor to close connections beyond its limit. */
const closes = `
  require('node:net').createServer(() => {}).listen(8100, '127.0.0.1', () => console.log('up'))`

const limitedTo = (host: Namespace, files: string, ...command: string[]) =>
  serverIn(host, 'prlimit', `--nofile=${files}`, ...command)

describe.skipIf(!mayMakeNamespaces)('a server without a descriptor left (skipped without root)', () => {
  it('that leaves connections waiting is named on both sides, with its process', async () => {
    using host = await Namespace.create()
    await using server = await limitedTo(host, '40:4000', 'perl', '-e', keeps)
    await using watching = await watchIn(host, target)
    // One after the other, because several at once may all take the last place in the queue.
    const dialing = dialIn(host, target, '-c', '100', '-r', '300', '--connect-timeout', '1500ms')
    const proof = {
      side: 'server',
      title: expect.stringMatching(
        /^perl \(pid \d+\) has \d+ of 40 descriptors open and accepts no more at 127\.0\.0\.1:8100: /
      ),
      remedy: expect.arrayContaining([expect.stringContaining(`prlimit --pid ${server.pid} `)])
    }
    const result = await dialing
    expect(result.connections.established).toBeLessThanOrEqual(40 + 21)
    expect(causesOf(result)).toEqual(['peer-descriptor-limit'])
    expect(result.findings[0]).toMatchObject({ ...proof, severity: 'critical' })
    expect(result.findings[0]?.title).toMatch(/ 21 connections wait$/)
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['peer-descriptor-limit'])
    expect(seen.findings[0]).toMatchObject(proof)
  })

  it('that closes the connections it cannot keep is named on both sides', async () => {
    using host = await Namespace.create()
    await using server = await limitedTo(host, '60:60', process.execPath, '-e', closes)
    await using watching = await watchIn(host, target)
    const dialing = dialIn(host, target, '-c', '100', '--workers', '1', '--hold', '1200ms')
    const proof = {
      side: 'server',
      title: expect.stringMatching(/ \(pid \d+\) has \d+ of 60 descriptors open and closes what comes to/),
      remedy: expect.arrayContaining([expect.stringContaining(`prlimit --pid ${server.pid} `)])
    }
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['peer-descriptor-limit'])
    expect(seen.findings[0]).toMatchObject(proof)
    const result = await dialing
    expect(result.connections).toMatchObject({ established: 100, failed: 0 })
    expect(result.connections.closedByPeer).toBeGreaterThan(40)
    expect(causesOf(result)).toEqual(['peer-descriptor-limit'])
    expect(result.findings[0]).toMatchObject(proof)
  })

  it.skipIf(!isInstalled('nginx'))(
    'is recognized by its worker process, not by the process that started it',
    async () => {
      using client = await Namespace.create()
      using host = await Namespace.create()
      connectNamespaces(client, '198.18.30.1/24', host, '198.18.30.2/24')
      using folder = temporaryFolder()
      const config = join(folder.path, 'nginx.conf')
      writeFileSync(
        config,
        `daemon off; user root; worker_processes 1; worker_rlimit_nofile 150; pid ${folder.path}/pid;
      error_log /dev/null; events { worker_connections 4000; }
      http { access_log off; server { listen 198.18.30.2:8100 backlog=200; return 200 ok; } }`
      )
      await using server = await daemonIn(host, 8100, 'nginx', '-e', '/dev/null', '-c', config)
      await using watching = await watchIn(host, '198.18.30.2:8100')
      const dialing = dialIn(
        client,
        ...['198.18.30.2:8100', '-c', '600', '-r', '300', '--connect-timeout', '2500ms']
      )
      const { findings } = await watching.until((look) => causesOf(look).includes('peer-descriptor-limit'))
      expect(findings).toMatchObject([
        { title: expect.stringMatching(/^nginx \(pid \d+\) has 15\d of 150 descriptors open/) }
      ])
      expect(findings[0]?.title).not.toContain(`(pid ${server.pid})`)
      // The client sees that handshakes stop, but at no meaningful number.
      expect(causesOf(await dialing)).toEqual(['syn-unanswered'])
      // Its connections are closed now, but the cause of the overflows remains the same.
      expect(causesOf(await watching.stop())).toEqual(['peer-descriptor-limit'])
    }
  )

  it('gets more descriptors by the remedy', async () => {
    using host = await Namespace.create()
    await using _server = await limitedTo(host, '40:4000', 'perl', '-e', keeps)
    const args = [target, '-c', '100', '--connect-timeout', '1500ms']
    const { findings } = await dialIn(host, ...args, '-r', '300', '--source-ports', '20000-21000')
    expect(causesOf({ findings })).toEqual(['peer-descriptor-limit'])
    typeIn(host, findings[0]?.remedy.find((line) => line.startsWith('prlimit')) ?? 'false')
    // From other ports, because it has not closed the earlier connections, and slower than it accepts even on a busy machine.
    const healed = await dialIn(host, ...args, '-r', '50', '--source-ports', '40000-41000')
    expect(healed.connections).toMatchObject({ established: 100, failed: 0 })
    expect(causesOf(healed)).toEqual([])
  })
})
