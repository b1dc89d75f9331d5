/** The programs that are compared in churn: clients and servers of c1m-native, of bare C, of google/neper. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { RunResult } from '../lib/result/result.js'
import { runJson, Talker } from './child.js'
import { commandLine, Server, type Yardstick } from './contenders.js'

/** What all contenders do alike. */
export interface ChurnPlan {
  /** Of each client and of each server. */
  threads: number
  /** Connections open at a time. */
  flows: number
  /** 1: a byte is sent and a byte comes back; 0: nothing is said. */
  bytes: 0 | 1
  seconds: number
}

export interface Churned {
  transactions: number
  transactionsPerSecond: number
  /** Of client and server. */
  cpuSeconds: number
}

/** A server that answers each byte, and how to know what CPU time it has taken. */
export interface EchoServer extends AsyncDisposable {
  readonly port: number
  readonly pid: number
}

export async function serveOurs({ threads }: Pick<ChurnPlan, 'threads'>): Promise<EchoServer> {
  const server = await Server.start(1, ['--mode', 'echo', '--workers', String(threads)])
  const port = Number(server.targets[0]?.split(':').at(-1))
  return { port, pid: server.pid, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

export async function serveBare(
  { program }: Yardstick,
  { threads }: Pick<ChurnPlan, 'threads'>
): Promise<EchoServer> {
  const talker = new Talker(program, ['serve', String(threads)])
  const { port } = await talker.hear<{ port: number }>()
  return { port, pid: talker.pid, [Symbol.asyncDispose]: () => talker[Symbol.asyncDispose]() }
}

/** `c1m-native dial --churn`. */
export async function churnOurs(plan: ChurnPlan, server: EchoServer): Promise<Churned> {
  const { threads, flows, bytes, seconds } = plan
  const args = ['dial', `127.0.0.1:${server.port}`, '--churn', '--duration', `${seconds}s`, '--close', 'rst']
  args.push('-c', String(flows), '--workers', String(threads), '--json', '-q')
  if (bytes > 0) args.push('--message-size', String(bytes))
  return await beside(server, async () => {
    const result = await runJson<RunResult>(process.execPath, [commandLine, ...args])
    const failed = result.connections.failed + (result.exchange?.failed ?? 0)
    if (!result.churn || failed > 0) throw new Error(`${failed} connections or exchanges failed`)
    return { ...result.churn, cpuSeconds: result.process.cpuSeconds }
  })
}

/** The C loop of yardstick/bare_churn.c. */
export async function churnBare(
  { program }: Yardstick,
  { threads, flows, bytes, seconds }: ChurnPlan,
  server: EchoServer
): Promise<Churned> {
  const args = ['dial', server.port, threads, flows, bytes, seconds * 1000].map(String)
  return await beside(server, () => runJson<Churned>(program, args))
}

/**
 * google/neper's `tcp_crr` against itself. It always sends a byte and awaits one, and by its default the client closes
 * with RST.
 */
export async function churnNeper(program: string, plan: ChurnPlan): Promise<Churned> {
  const threads = ['--nolog', '-T', String(plan.threads)]
  // It counts whole seconds.
  const seconds = String(Math.ceil(plan.seconds))
  const args = ['-c', '-H', '127.0.0.1', ...threads, '-F', String(plan.flows), '-l', seconds]
  // Should one of them fail, the other would wait for it for ever.
  const cancel = new AbortController()
  const run = (args: readonly string[]) => promisify(execFile)(program, args, { signal: cancel.signal })
  const [server, client] = await Promise.all([
    run(threads),
    // Before its server listens the client would rest for a whole second.
    listening(neperPort, cancel.signal).then(() => run(args))
  ]).finally(() => cancel.abort())
  const [ofServer, ofClient] = [neperFigures(server.stdout), neperFigures(client.stdout)]
  return {
    transactions: ofClient.read('num_transactions'),
    transactionsPerSecond: ofClient.read('throughput'),
    cpuSeconds: ofServer.cpuSeconds() + ofClient.cpuSeconds()
  }
}

/** Of its control connection. */
const neperPort = 12866

/** Reads the `name=value` lines neper prints. */
function neperFigures(text: string): { read(name: string): number; cpuSeconds(): number } {
  const read = (name: string) => {
    const digits = new RegExp(`^${name}=([\\d.]+)$`, 'm').exec(text)?.[1]
    if (digits === undefined) throw new Error(`neper told no ${name}: ${text.trim()}`)
    return Number(digits)
  }
  const spent = (kind: string) => read(`${kind}_end`) - read(`${kind}_start`)
  return { read, cpuSeconds: () => spent('utime') + spent('stime') }
}

/** Resolves when a socket listens on `port`, on any address. */
async function listening(port: number, signal: AbortSignal): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  // proc_net_tcp: local address, remote address, state; 0A is LISTEN.
  const line = new RegExp(`:${hex} [0-9A-F]+:0000 0A `)
  for (;;) {
    if (['/proc/net/tcp', '/proc/net/tcp6'].some((path) => line.test(readFileSync(path, 'utf8')))) return
    await sleep(10, undefined, { signal })
  }
}

/** Runs a client and adds what CPU time the server took meanwhile. */
async function beside(server: EchoServer, client: () => Promise<Churned>): Promise<Churned> {
  const before = cpuSecondsOf(server.pid)
  const churned = await client()
  return { ...churned, cpuSeconds: churned.cpuSeconds + cpuSecondsOf(server.pid) - before }
}

/** utime and stime of proc_pid_stat(5), the 14th and 15th field, in ticks of 10 ms. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
