/** Other programs can open connections during a run, and a run without a free port says what is wrong. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../lib/result/result.js'
import { ending } from '../cli/run_cli.js'
import { causesOf, dialIn, listenIn } from '../helpers/causes.js'
import { connectNamespaces, jsonLines, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

/** Lets the kernel choose a port to listen on, and a port to connect from. */
const ordinary = `
  const net = require('node:net')
  const [host, port] = process.argv[1].split(':')
  const server = net.createServer().listen(0, '0.0.0.0')
    .on('error', ({ code }) => console.log('listen', code))
    .on('listening', () => {
      console.log('listen', 'ok')
      net.connect(port, host)
        .on('error', ({ code }) => { console.log('connect', code); process.exit() })
        .on('connect', () => { console.log('connect', 'ok'); process.exit() })
    })`

/** Dials all it can from one address in a new namespace, and runs `action` during the hold. */
async function whileHolding<T>(
  connections: number,
  options: readonly string[],
  action: (namespace: Namespace, target: string) => Promise<T> | T
): Promise<{ told: T; result: RunResult }> {
  using namespace = await Namespace.create()
  const server = namespace.start('listen', '127.0.0.1:8100', '--ndjson', '-q')
  const serving = ending(server)
  await new Promise((resolve) =>
    createInterface({ input: server.stdout as NodeJS.ReadableStream }).once('line', resolve)
  )
  const target = '127.0.0.1:8100'
  const dial = namespace.start(
    ...['dial', target, '-s', '127.0.0.1', '-c', `${connections}`, '--hold', '10m', '--ndjson', ...options]
  )
  let told: T | undefined
  let last: Record<string, unknown> = {}
  for await (const line of jsonLines(dial)) {
    last = line
    if (line.phase !== 'holding' || told !== undefined) continue
    told = await action(namespace, target)
    dial.kill('SIGINT')
  }
  server.kill('SIGINT')
  await serving
  return { told: told as T, result: last as unknown as RunResult }
}

describe.skipIf(!mayMakeNamespaces)('while a run holds every source port of its address', () => {
  it('another program can still listen and connect', async () => {
    const { told, result } = await whileHolding(63_000, [], (namespace, target) =>
      namespace.run(process.execPath, '-e', ordinary, target)
    )
    expect(result.connections).toMatchObject({ established: 63_000, failed: 0 })
    expect(told).toBe('listen ok\nconnect ok\n')
  })

  it('from all ports, a listener at port 0 gets an error with a remedy', async () => {
    const { told } = await whileHolding(
      64_000,
      // From the first port on, so that none of the ephemeral ones is left.
      ['--source-ports', '1024-65535', '--seed', '0'],
      async (namespace) => await namespace.cli('listen', '127.0.0.1:0', '--duration', '1s')
    )
    expect(told).toMatchObject({
      code: 3,
      stderr:
        'c1m-native: cannot listen on 127.0.0.1:0: bind EADDRINUSE. The kernel has no port left to choose: widen net.ipv4.ip_local_port_range, close the sockets that hold its ports (ss -tan), or name a port outside of it.\n'
    })
  })
})

/** Binds ten TCP and ten UDP ports for every address, and holds them until its input ends. */
const holder = `
  const { createSocket } = require('node:dgram')
  let left = 20
  const held = () => --left === 0 && console.log('held')
  for (let port = 40000; port < 40010; port++) {
    require('node:net').createServer().listen(port, '::', held)
    createSocket('udp6').bind(port, held)
  }`

/** Situations in which the kernel has no port left to choose. */
const withoutPorts: [string, (namespace: Namespace) => Promise<Disposable> | Disposable][] = [
  [
    'reserved',
    (namespace) => {
      namespace.run('sysctl', '-qw', 'net.ipv4.ip_local_reserved_ports=32768-60999')
      return { [Symbol.dispose]: () => {} }
    }
  ],
  [
    'held by other programs',
    async (namespace) => {
      namespace.run('sysctl', '-qw', 'net.ipv4.ip_local_port_range=40000 40009')
      const holding = namespace.spawn(process.execPath, '-e', holder)
      await once(createInterface({ input: holding.stdout as NodeJS.ReadableStream }), 'line')
      return { [Symbol.dispose]: () => holding.kill('SIGKILL') }
    }
  ]
]

describe.skipIf(!mayMakeNamespaces).each(withoutPorts)('while every ephemeral port is %s', (_, take) => {
  async function twoHosts() {
    const client = await Namespace.create()
    const server = await Namespace.create()
    connectNamespaces(client, '198.18.80.1/24', server, '198.18.80.2/24')
    for (const [host, address] of [
      [client, 'fd00:80::1/64'],
      [server, 'fd00:80::2/64']
    ] as const)
      host.run('ip', 'address', 'add', address, 'dev', 'veth0', 'nodad')
    const taken = await take(client)
    return {
      client,
      server,
      [Symbol.dispose]() {
        taken[Symbol.dispose]()
        client[Symbol.dispose]()
        server[Symbol.dispose]()
      }
    }
  }

  it.each([
    ['the route chooses the source', '198.18.80.2:8100', []],
    ['the route chooses the source, over IPv6', '[fd00:80::2]:8100', []],
    ['the source is named', '198.18.80.2:8100', ['-s', '198.18.80.1']],
    ['a device is named', '198.18.80.2:8100', ['--device', 'veth0']]
  ])('a dial chooses its ports itself when %s', async (_how, target, options) => {
    using hosts = await twoHosts()
    await using _listening = await listenIn(hosts.server, target)
    const result = await dialIn(hosts.client, target, '-c', '500', ...options)
    expect(result.connections).toMatchObject({ established: 500, failed: 0 })
    expect(causesOf(result)).toEqual([])
    expect(result.unavailable).toEqual([])
    const planned = await hosts.client.cli('plan', target, '-c', '500', '--json', ...options)
    expect(JSON.parse(planned.stdout)).toMatchObject({ fits: true, findings: [] })
    const judged = await hosts.client.cli('doctor', target, '-c', '500', '--json')
    expect(JSON.parse(judged.stdout)).toMatchObject({ fits: true, findings: [] })
  })

  it('a dial of its own listeners chooses their ports as well', async () => {
    using namespace = await Namespace.create()
    using _taken = await take(namespace)
    const result = await dialIn(namespace, '-c', '200', '--workers', '3')
    expect(result.connections).toMatchObject({ established: 200, failed: 0 })
    expect(causesOf(result)).toEqual([])
  })

  it('a missing source address is distinguished from an existing one', async () => {
    using hosts = await twoHosts()
    const { code, stderr } = await hosts.client.cli('dial', '198.18.80.2:80', '-s', '198.18.80.9')
    expect(code).toBe(2)
    expect(stderr).toContain('-s 198.18.80.9 is not an address of this host (EADDRNOTAVAIL)')
  })
})
