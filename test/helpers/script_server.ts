/** A server in a namespace that runs a few lines of Node for each connection. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Namespace } from './namespace.js'

/**
 * Listens at `address:port`.
 * @param onConnection statements about `socket`, which does not read unless they say so
 */
export async function scriptServer(namespace: Namespace, address: string, port: number, onConnection = '') {
  const script = `
    const server = require('node:net').createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      ${onConnection}
    })
    server.listen({ host: ${JSON.stringify(address)}, port: ${port}, backlog: 4096 }, () => console.log('listening'))`
  const child = namespace.spawn(process.execPath, '--eval', script)
  child.stderr?.pipe(process.stderr)
  if (child.stdout) await once(createInterface({ input: child.stdout }), 'line')
  return {
    target: `${address}:${port}`,
    /** The kernel still completes handshakes for it. */
    stop: () => child.kill('SIGSTOP'),
    kill: () => child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
}
