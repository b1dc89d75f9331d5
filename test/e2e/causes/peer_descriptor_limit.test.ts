import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

/** Accepts as long as it can and keeps all; a backlog of 20. */
const keeps = `
  use Socket; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(S, sockaddr_in(8100, inet_aton("127.0.0.1"))); listen(S, 20); print "up\\n";
  while (1) { my $c; accept($c, S) ? push(@all, $c) : select(undef, undef, undef, 0.05) }`

/** The same on libuv, which has a descriptor to spare to close what it cannot keep. */
const closes = `
  require('node:net').createServer(() => {}).listen(8100, '127.0.0.1', () => console.log('up'))`

async function serverIn(host: Namespace, files: number, ...command: string[]) {
  const child = host.spawn('prlimit', `--nofile=${files}:${files}`, ...command)
  const exited = once(child, 'exit')
  await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return {
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('a server without a descriptor left (skipped without root)', () => {
  it('that leaves connections waiting is named on both sides, with its process', async () => {
    using host = await Namespace.create()
    await using server = await serverIn(host, 40, 'perl', '-e', keeps)
    await using watching = await watchIn(host, target)
    // One after the other: of several at once more than one may find the last place in the queue.
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

  it('that closes what it cannot keep is named on both sides as well', async () => {
    using host = await Namespace.create()
    await using server = await serverIn(host, 60, process.execPath, '-e', closes)
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
})
