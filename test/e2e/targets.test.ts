/** Targets as users type them, on the real kernel: any address of both families, link-local addresses, names. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import type { ListenResult } from '../../lib/listen/listen.js'
import { type Ended, ending } from '../cli/run_cli.js'
import { causesOf, dialIn, heldBy, listenIn, watchIn } from '../helpers/causes.js'
import { connectNamespaces, jsonLines, main, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'
import { temporaryFolder } from '../helpers/temporary.js'

/** Starts `listen` with these arguments; gives where it listens, and what it says at the end. */
async function listening(namespace: Namespace, ...args: string[]) {
  const child = namespace.start('listen', '--ndjson', ...args)
  const lines = jsonLines(child)
  const { value } = await lines.next()
  return {
    targets: (value as { targets: string[] }).targets,
    async result(): Promise<ListenResult> {
      child.kill('SIGTERM')
      let last: unknown
      for await (const line of lines) last = line
      return last as ListenResult
    },
    [Symbol.dispose]() {
      child.kill('SIGKILL')
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('a listener at [::] (skipped without root)', () => {
  it.each([':8100', '*:8100', '[::]:8100'])('as %s takes IPv4 as well as IPv6', async (written) => {
    using host = await Namespace.create()
    using server = await listening(host, written)
    expect(server.targets).toEqual(['[::]:8100'])
    for (const target of ['127.0.0.1:8100', '[::1]:8100', ':8100', '8100']) {
      const { connections, findings } = await dialIn(host, target, '-c', '20')
      expect(connections).toMatchObject({ established: 20, failed: 0 })
      expect(findings).toEqual([])
    }
    expect(await server.result()).toMatchObject({ accepted: 80, closedByPeer: 80, errors: [] })
  })

  it('leaves the port of IPv4 to an address of the same run', async () => {
    using host = await Namespace.create()
    using server = await listening(host, '[::]:8100-8101', '127.0.0.1:8100')
    expect(server.targets).toEqual(['[::]:8100', '[::]:8101', '127.0.0.1:8100'])
    for (const target of ['127.0.0.1:8100-8101', '[::1]:8100-8101']) {
      expect((await dialIn(host, target, '-c', '20')).connections).toMatchObject({ established: 20 })
    }
    expect(await server.result()).toMatchObject({ accepted: 40 })
    expect(host.run('ss', '-Hltn', 'sport = :8100')).toBe('')
  })

  it('is refused, in words that fit, where IPv4 has the port already', async () => {
    using host = await Namespace.create()
    await using _listening = await listenIn(host, '127.0.0.1:8100')
    expect(await host.cli('listen', ':8100')).toMatchObject({
      code: 3,
      stderr:
        'c1m-native: cannot listen on [::]:8100: bind EADDRINUSE. Choose another port, or stop the program that listens there over IPv4 or IPv6 (ss -ltnp).\n'
    })
  })

  it('has its connections over IPv4 seen, and its queue named, by those who dial and watch it', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, ':8100', '--workers', '1', '--backlog', '5')
    await using watching = await watchIn(host, '127.0.0.1:8100')
    {
      await using _held = await heldBy(host, '127.0.0.1:8100', '-c', '5')
      const seen = await watching.until(({ sockets }) => sockets?.states.ESTABLISHED === 5)
      expect(seen.sockets?.ports).toMatchObject([{ port: 8100, accepted: 5 }])
    }
    server.stop()
    const result = await dialIn(
      host,
      '127.0.0.1:8100',
      '-c',
      '30',
      '-r',
      '200',
      '--connect-timeout',
      '1500ms'
    )
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
    expect(result.findings[0]?.title).toMatch(/; \[::\]:8100 has 6 waiting at a backlog of 5$/)
    expect(causesOf(await watching.found())).toEqual(['accept-queue-overflow'])
  })

  it('sets the options of a family on the connections of that family', async () => {
    using host = await Namespace.create()
    await using _listening = await listenIn(host, ':8100', '--tos', '0xb8')
    await using _four = await heldBy(host, '127.0.0.1:8100', '-c', '3')
    await using _six = await heldBy(host, '[::1]:8100', '-c', '3')
    const accepted = host
      .run('ss', '-HOtni', '--tos', 'state', 'established', 'sport = :8100')
      .trim()
      .split('\n')
    expect(accepted).toHaveLength(6)
    expect(accepted.filter((line) => line.includes('127.0.0.1') && / tos:0xb8 /.test(line))).toHaveLength(3)
    expect(accepted.filter((line) => / tclass:0xb8 /.test(line))).toHaveLength(6)
  })
})

describe.skipIf(!mayMakeNamespaces)('a link-local target (skipped without root)', () => {
  /** Two hosts on one link, without any other address. */
  async function neighbours() {
    const client = await Namespace.create()
    const server = await Namespace.create()
    connectNamespaces(client, '198.18.92.1/24', server, '198.18.92.2/24')
    for (const [host, address] of [
      [client, 'fe80::c1/64'],
      [server, 'fe80::5e/64']
    ] as const)
      host.run('ip', 'address', 'add', address, 'dev', 'veth0', 'nodad')
    return {
      client,
      server,
      [Symbol.dispose]() {
        client[Symbol.dispose]()
        server[Symbol.dispose]()
      }
    }
  }

  it('is dialed, and listened on, through the device in its zone', async () => {
    using hosts = await neighbours()
    await using _listening = await listenIn(hosts.server, '[fe80::5e%veth0]:8100')
    const named = ['[fe80::5e%veth0]:8100']
    const ways = [
      named,
      ['[fe80::5e]:8100', '--device', 'veth0'],
      [...named, '-s', 'fe80::c1%veth0'],
      [...named, '-s', 'fe80::c1']
    ]
    for (const way of ways) {
      const result = await dialIn(hosts.client, ...way, '-c', '100')
      expect(result.connections).toMatchObject({ established: 100, failed: 0 })
      expect(result.findings).toEqual([])
      expect(result.scenario.socketOptions.device).toBe('veth0')
      expect(result.scenario.targets).toMatchObject([{ address: 'fe80::5e' }])
    }
    const { stdout } = await hosts.client.cli('plan', ...named, '-c', '100')
    expect(stdout).toContain('[fe80::5e%veth0]:8100')
    expect(stdout).not.toContain('(fe80::5e)')
  })

  it('is refused without a device, and with one that this host does not have', async () => {
    using host = await Namespace.create()
    const refusal = async (...args: string[]) => {
      const { code, stderr } = await host.cli(...args)
      return { code, stderr }
    }
    for (const command of ['dial', 'listen'])
      expect(await refusal(command, '[fe80::5e]:8100')).toEqual({
        code: 2,
        stderr:
          "c1m-native: target '[fe80::5e]:8100' is link-local, and its device is missing. Write [fe80::5e%eth0]:8100, with the device that leads there, or name that with --device NAME.\n"
      })
    for (const command of ['dial', 'listen', 'plan'])
      expect(await refusal(command, '[fe80::5e%none0]:8100')).toEqual({
        code: 2,
        stderr:
          "c1m-native: target '[fe80::5e%none0]:8100' names the device 'none0', and this host has no such device. Its devices are lo.\n"
      })
  })
})

/** A name server that knows no name. */
const knowsNothing = `
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const answer = Buffer.from(query)
    answer.writeUInt16BE(0x8183, 2)
    // No records, whatever else the query has.
    answer.fill(0, 6, 12)
    socket.send(answer, port, address)
  })
  socket.bind(53, '127.0.0.53', () => console.log('up'))`

const readsFiles = /^hosts:.*\bdns\b/m.test(
  spawnSync('sh', ['-c', 'cat /etc/nsswitch.conf'], { encoding: 'utf8' }).stdout
)

describe.skipIf(!mayMakeNamespaces || !readsFiles)('a name (skipped without root)', () => {
  /** Dials a name where 127.0.0.53 is the name server. */
  async function dialed(host: Namespace): Promise<Ended> {
    using folder = temporaryFolder()
    const file = join(folder.path, 'resolv.conf')
    writeFileSync(file, 'nameserver 127.0.0.53\noptions timeout:1 attempts:1\n')
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    const command = [process.execPath, main, 'dial', 'db.example.test:80']
    return await ending(host.spawn('unshare', '-m', 'sh', '-c', script, file, ...command))
  }

  it('that nobody answers for is told from one that does not exist', async () => {
    using host = await Namespace.create()
    expect(await dialed(host)).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(
        /^c1m-native: the name 'db\.example\.test' cannot be looked up: the resolver did not answer \(EAI_AGAIN\)\. /
      )
    })
    const server = host.spawn(process.execPath, '--eval', knowsNothing)
    await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line')
    expect(await dialed(host)).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(
        /^c1m-native: the name 'db\.example\.test' has no address \(ENOTFOUND\)\. /
      )
    })
    server.kill('SIGKILL')
  })
})
