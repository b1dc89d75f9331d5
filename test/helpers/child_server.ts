/** A Node server in another process, so that its costs are not counted here and a busy one doesn't stall the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'

export interface ChildServer extends AsyncDisposable {
  readonly target: string
}

/**
 * Listens at `address` and gives each connection to `serve`, with its number from 0. The source of `serve` is what is
 * taken over there: it can't use anything from around it.
 */
export async function childServer(
  address: string,
  serve: (socket: Socket, index: number) => void
): Promise<ChildServer> {
  const script = `
    let connections = 0
    const serve = ${serve}
    const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      serve(socket, connections++)
    })
    server.listen({ host: ${JSON.stringify(address)}, port: 0, backlog: 4096 }, () => {
      console.log(server.address().port)
    })`
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [port] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    target: `${address}:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    }
  }
}
