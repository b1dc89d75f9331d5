/** Servers to dial: one in this process that does what a test says, and one that does not answer. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { vi } from 'vitest'

export interface NetServer extends AsyncDisposable {
  readonly target: string
  readonly port: number
  /** The connections open now. */
  readonly sockets: ReadonlySet<Socket>
  /** Source address and port of every accepted connection, in order. */
  readonly peers: readonly string[]
  close(): Promise<void>
}

/** A server of Node at `address` that keeps its connections; `greet` sees each as it comes. */
export async function netServer(
  address: string,
  greet: (socket: Socket) => void = () => {},
  port = 0
): Promise<NetServer> {
  const sockets = new Set<Socket>()
  const peers: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    peers.push(`${socket.remoteAddress}:${socket.remotePort}`)
    socket
      .on('error', () => {})
      .on('close', () => sockets.delete(socket))
      .resume()
    greet(socket)
  }).listen({ host: address, port, backlog: 4096 })
  await once(server, 'listening')
  const bound = (server.address() as { port: number }).port
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.resetAndDestroy()
    await closed
  }
  return {
    target: address.includes(':') ? `[${address}]:${bound}` : `${address}:${bound}`,
    port: bound,
    sockets,
    peers,
    close,
    [Symbol.asyncDispose]: close
  }
}

export interface StalledServer extends AsyncDisposable {
  readonly target: string
  /** Lets it accept again. */
  resume(): void
}

/**
 * A server that is stopped once it listens: the kernel completes `backlog` + 1 handshakes for it, and leaves every
 * further SYN unanswered, as a black hole does.
 */
export async function stalledServer(address: string, backlog: number): Promise<StalledServer> {
  const script = `
    const server = require('node:net').createServer(() => {})
    server.listen({ host: ${JSON.stringify(address)}, port: 0, backlog: ${backlog} }, () => {
      console.log(server.address().port)
    })`
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(createInterface({ input: child.stdout }), 'line')
  child.kill('SIGSTOP')
  // A thread that is still running would accept.
  await vi.waitUntil(() => isStopped(child.pid ?? 0), { timeout: 5000, interval: 1 })
  return {
    target: `${address}:${port}`,
    resume: () => child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}

/** Whether every thread of a process is in the state T of proc_pid_stat(5). */
function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8').includes(') T ')
  )
}
