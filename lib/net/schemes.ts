/** URLs as targets: what stands before `://`. */
import type { C1mError } from '../base/errors.js'
import { printable, quote } from '../base/quote.js'

/** What is spoken on TCP, and the usual port. */
interface Scheme {
  port?: string
  /** What the peer expects first, and this package does not speak; without it, plain TCP is what is asked for. */
  speaks?: string
}

const schemes: Readonly<Record<string, Scheme>> = {
  tcp: {},
  http: { port: '80' },
  https: { port: '443', speaks: 'TLS' },
  ws: { port: '80', speaks: 'WebSocket' },
  wss: { port: '443', speaks: 'WebSocket over TLS' },
  tls: { speaks: 'TLS' },
  ssl: { speaks: 'TLS' },
  redis: { port: '6379', speaks: 'Redis' },
  rediss: { port: '6379', speaks: 'Redis over TLS' },
  mqtt: { port: '1883', speaks: 'MQTT' },
  mqtts: { port: '8883', speaks: 'MQTT over TLS' }
}

/**
 * Parts a scheme from what follows it. `tcp://` and `http://` mean a TCP connection, the latter to port 80 where it names
 * none; others would promise what is not spoken.
 */
export function schemeOf(
  text: string,
  fail: (reason: string, hint: string) => C1mError
): { rest: string; port?: string | undefined } {
  const match = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text)
  if (!match) return { rest: text }
  const [, written = '', rest = ''] = match
  const name = written.toLowerCase()
  const scheme = Object.hasOwn(schemes, name) ? schemes[name] : undefined
  const authority = rest.replace(/[/?#].*$/s, '')
  const plain = /:[^\]]*$/.test(authority) ? authority : `${authority}:${scheme?.port ?? 'port'}`
  if (!scheme) throw fail(`has the unknown scheme ${quote(name)}`, `Write ${printable(plain)}.`)
  if (scheme.speaks !== undefined)
    throw fail(
      `asks for ${scheme.speaks}, and only plain TCP connections are opened`,
      `Write ${printable(plain)} to open those.`
    )
  return { rest, port: scheme.port }
}
