/** Targets in all the ways users write them. A dial of plain `host:port` never loads this. */
import { existsSync } from 'node:fs'
import { C1mError, type Wording } from '../base/errors.js'
import { maxPort } from '../base/quantities.js'
import { printable, quote } from '../base/quote.js'
import { formatEndpoint, isLinkLocal, parseAddress, withoutZone, zoneOf } from './address.js'
import { schemeOf } from './schemes.js'
import { tcpServices } from './services.js'
import type { TargetSpec, TargetUse } from './target.js'

type Fail = (reason: string, hint: Wording) => C1mError

/** What every hint can fall back on. */
const forms = 'Write host:port, host:port-port, host:port,port or [v6]:port.'

/** `[v6]:ports`, `host:ports`, or the same without ports. */
const hostAndPorts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:[\]]*))?$/

/** Ports without a host, such as `8100`, `80,81` or `8100-8119`. */
const portsAlone = /^\d+(-\d*)?(,.*)?$/

/**
 * Reads targets, each of which may be several: `host:80,81`.
 * @throws C1mError C1M_TARGET_INVALID
 */
export function parseTargets(texts: readonly string[], use: TargetUse): TargetSpec[] {
  return texts.flatMap((text, i) => parseTarget(text, use, texts[i + 1]))
}

/**
 * Reads `host:port`, `host:port-port`, `host:port,port`, `[v6]:port`, `[v6%device]:port`, a port alone, which is one of
 * this host, `:port` and `*:port`, which are any address of it; a port may be the name of a service, and `tcp://` or
 * `http://` may come first.
 * @param next the target after it, which may be the port of this one
 * @throws C1mError C1M_TARGET_INVALID
 */
export function parseTarget(text: string, use: TargetUse, next?: string): TargetSpec[] {
  const fail: Fail = (reason, hint) =>
    new C1mError('C1M_TARGET_INVALID', `target ${quote(text)} ${reason}`, { hint })
  if (text.trim() === '') throw fail('is empty', forms)
  const { rest, port: usual } = schemeOf(text.trim(), fail)
  const bare = withoutPath(rest, usual, use, fail)
  if (bare === '') throw fail('has no host', forms)
  if (portsAlone.test(bare)) return portsOf(bare, use, fail).map((ports) => ({ host: here(use), ...ports }))
  const match = hostAndPorts.exec(bare)
  if (!match) throw notOfThisForm(bare, fail)
  const [, bracketed, plain = '', written] = match
  const host = bracketed ?? plain
  const ports = written === undefined || written === '' ? usual : written
  if (bracketed !== undefined) checkBracketed(bracketed, fail)
  else if (plain === '' || plain === '*') return anyAddress(ports, use, fail)
  else if (!/^[\w.-]+$/.test(plain))
    throw fail(`has the host ${quote(plain)}, which is neither a name nor an address`, forms)
  if (ports === undefined) {
    // As for nc and telnet.
    const port = next !== undefined && portsAlone.test(next.trim()) ? printable(next.trim()) : 'port'
    throw fail('has no port', `Write ${formatEndpoint(printable(host), port)}.`)
  }
  return portsOf(ports, use, fail).map((range) => ({ host, ...range }))
}

/** Ports that any address has: for a dial, those of this host. */
function anyAddress(ports: string | undefined, use: TargetUse, fail: Fail): TargetSpec[] {
  if (ports === undefined) throw fail('has no port', forms)
  return portsOf(ports, use, fail).map((range) => ({
    host: use === 'dial' ? '127.0.0.1' : wildcard(),
    ...range
  }))
}

/** Where a port alone is: a watched one is at any address. */
function here(use: TargetUse): string {
  return use === 'watch' ? wildcard() : '127.0.0.1'
}

/** Any address of both families, where the kernel has IPv6. */
function wildcard(): string {
  return existsSync('/proc/net/if_inet6') ? '::' : '0.0.0.0'
}

/** One slash at the end is of no consequence; a path would be. */
function withoutPath(text: string, usual: string | undefined, use: TargetUse, fail: Fail): string {
  const slash = text.indexOf('/')
  if (slash < 0) return text
  const [bare, path] = [text.slice(0, slash), text.slice(slash)]
  if (path === '/') return bare
  if (/^\/\d+(:.*)?$/.test(path) && parseAddress(bare) !== null)
    throw fail(`has the network ${quote(bare + path.replace(/:.*/, ''))}, and a target is one host`, forms)
  const shown = printable(usual === undefined || /:[^\]]*$/.test(bare) ? bare : `${bare}:${usual}`)
  throw fail(`has the path ${quote(path)}, and a connection has none`, (option) =>
    use === 'dial' ? `Write ${shown}; ${option('send')} can ask for the path.` : `Write ${shown}.`
  )
}

/** An address without brackets is told from a port by what reads as either. */
function notOfThisForm(text: string, fail: Fail): C1mError {
  if (/,[^,]*:/.test(text)) return fail('has a comma between targets', 'Write a space between them instead.')
  const bare = text.replace(/^\[|\]$/g, '')
  if (!/^[\da-f.]*:[\da-f.]*:[^\]]*$/i.test(bare)) return fail('is not of the form host:port', forms)
  const [, head = '', ports = ''] = /^(.*):(\d[\d,-]*|[g-z][a-z-]*)$/i.exec(bare) ?? []
  const isWhole = !/%.*:/s.test(bare) && parseAddress(withoutZone(bare)) !== null
  const whole = isWhole ? `[${printable(bare)}]:port` : null
  const parted = parseAddress(withoutZone(head)) ? formatEndpoint(printable(head), printable(ports)) : null
  const ways = [parted, whole].filter((way) => way !== null)
  return fail(
    'has an IPv6 address without brackets',
    `Write ${ways.length === 0 ? '[address]:port' : ways.join(' or ')}.`
  )
}

function checkBracketed(text: string, fail: Fail): void {
  const zone = zoneOf(text)
  const address = withoutZone(text)
  if (text === '') throw fail('has no host', forms)
  if (!address.includes(':') || parseAddress(address) === null)
    throw fail(`has ${quote(text)} in brackets, which is not an IPv6 address`, forms)
  if (zone === undefined) return
  if (!/^[^\s/%]{1,15}$/.test(zone))
    throw fail(
      `has the zone ${quote(zone)}, which is not the name of a device`,
      `Write [${address}%eth0]:port.`
    )
  if (!isLinkLocal(address))
    throw fail(
      `has the zone ${quote(zone)}, which only link-local addresses (fe80::/10) need`,
      `Write [${address}]:port.`
    )
}

function portsOf(text: string, use: TargetUse, fail: Fail): Omit<TargetSpec, 'host'>[] {
  return text.split(',').map((item) => {
    const one = item.trim()
    if (one === '')
      throw fail('has an empty place in its list of ports', 'Write it without spaces: host:80,81.')
    const range = portRange(one, use, fail)
    if (range.firstPort === 0 && text.includes(','))
      throw fail("has port 0 in a list, and it means a port of the kernel's choice", forms)
    return range
  })
}

function portRange(text: string, use: TargetUse, fail: Fail): Omit<TargetSpec, 'host'> {
  const named = serviceNamed(text, fail)
  const [first = 0, last = first] = named === null ? numbers(text, fail) : [named]
  if (first > last)
    throw fail(`has a reversed port range: ${first} is above ${last}`, `Write ${last}-${first}.`)
  if (first === 0 && use === 'dial') throw fail('has port 0, which nobody can listen on', forms)
  if (first === 0 && last > 0)
    throw fail("has a range from port 0, which means a port of the kernel's choice", forms)
  return { firstPort: first, lastPort: last }
}

function numbers(text: string, fail: Fail): number[] {
  return text.split(/-(.*)/, 2).map((port) => {
    if (port === '') throw fail('has a port range with one end', 'Write both ends: host:8100-8119.')
    if (!/^\d+$/.test(port)) throw notANumber(port, fail)
    if (Number(port) > maxPort)
      throw fail(`has the port ${printable(port)}, and ports end at ${maxPort}`, forms)
    return Number(port)
  })
}

/** The port of a service; null for what only numbers can make, such as a range. */
function serviceNamed(text: string, fail: Fail): number | null {
  if (/^[\d-]+$/.test(text) || !/^[\w.+-]+$/.test(text)) return null
  const services = tcpServices()
  const port = services?.get(text) ?? services?.get(text.toLowerCase())
  if (port !== undefined) return port
  // A name that begins with a digit is more likely a number with a mistake.
  if (/^[\d-]/.test(text)) return null
  throw services
    ? fail(
        `has the port ${quote(text)}, which is neither a number nor a TCP service in /etc/services`,
        'Write the number of the port.'
      )
    : fail(
        `has the port ${quote(text)}, and this host has no /etc/services to look it up in`,
        'Write the number of the port.'
      )
}

function notANumber(port: string, fail: Fail): C1mError {
  return fail(`has the port ${quote(port)}, which is not a number`, forms)
}
