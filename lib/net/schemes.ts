/** URLs as targets: what stands before `://`. */
import type { C1mError } from '../base/errors.js'
import { printable, quote } from '../base/quote.js'

/** A scheme that names TCP or something above it. */
interface Scheme {
  /** The usual port. */
  port?: string
  /** What the scheme asks to speak, and this package does not; none: plain TCP. */
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
 * Splits a scheme from what follows it. `tcp://` and `http://` mean a TCP connection, the latter to port 80 where it names
 * none; any other asks for more than plain TCP, and is refused.
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
