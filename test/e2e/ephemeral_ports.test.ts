/** A run leaves this host able to open connections, and says what is wrong where nothing is left. */
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../lib/result/result.js'
import { ending } from '../cli/run_cli.js'
import { jsonLines, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

/** What a program that leaves the choice of ports to the kernel gets: to listen with, and to connect from. */
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

/** Dials all it can from one address in a namespace of its own, and does `action` while it holds. */
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
  it('other programs can still listen and connect', async () => {
    const { told, result } = await whileHolding(63_000, [], (namespace, target) =>
      namespace.run(process.execPath, '-e', ordinary, target)
    )
    expect(result.connections).toMatchObject({ established: 63_000, failed: 0 })
    expect(told).toBe('listen ok\nconnect ok\n')
  })

  it('that was told to take all ports, a listener at port 0 says what is wrong', async () => {
    const { told } = await whileHolding(
      64_000,
      ['--source-ports', '1024-65535'],
      async (namespace) => await namespace.cli('listen', '127.0.0.1:0', '--duration', '1s')
    )
    expect(told).toMatchObject({
      code: 3,
      stderr:
        'c1m-native: cannot listen on 127.0.0.1:0: bind EADDRINUSE. The kernel has no port left to choose: widen net.ipv4.ip_local_port_range, end what holds its ports (ss -tan), or name one outside of it.\n'
    })
  })
})
