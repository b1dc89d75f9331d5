/** A network as data, and the commands that build it. Pure. */
import { type Command, inside } from './external_command.js'

/** Namespaces by short name, e.g. `client`, and the cables between them. */
export interface Topology {
  readonly namespaces: Readonly<Record<string, Namespace>>
  readonly links: readonly Link[]
}

/** One network namespace: a host. Loopback is up. */
export interface Namespace {
  /** Address of the default gateway, IPv4 or IPv6. */
  readonly gateway?: string
  /** Sysctls of this namespace, by name. */
  readonly sysctls?: Readonly<Record<string, string | number>>
  /** Rules as nft(8) reads them. */
  readonly rules?: string
}

/** A veth pair. */
type Link = readonly [End, End]

interface End {
  readonly namespace: string
  readonly device: string
  /** `address/length`; IPv6 addresses are usable at once (nodad). */
  readonly addresses: readonly string[]
}

/** From the short name of a namespace to its full name. */
type NameOf = (shortName: string) => string

/** Builds the topology. Sysctls come last: those of connection tracking exist only after a rule has loaded it. */
export function buildCommands({ namespaces, links }: Topology, nameOf: NameOf): Command[] {
  const all = Object.entries(namespaces)
  const hasV6 = links.some((link) => link.some(({ addresses }) => addresses.some(isV6)))
  return [
    ...all.flatMap(([name]) => [
      ip('netns', 'add', nameOf(name)),
      ...(hasV6 ? sysctlCommands(nameOf(name), noDuplicateCheck) : []),
      ip('-n', nameOf(name), 'link', 'set', 'dev', 'lo', 'up')
    ]),
    ...links.flatMap((link) => linkCommands(link, nameOf)),
    ...all.flatMap(([name, { gateway }]) =>
      gateway === undefined ? [] : [routeCommand(nameOf(name), gateway)]
    ),
    ...all.flatMap(([name, { rules }]) => (rules === undefined ? [] : [rulesCommand(nameOf(name), rules)])),
    ...all.flatMap(([name, { sysctls = {} }]) => sysctlCommands(nameOf(name), sysctls))
  ]
}

/** Removes the name. The kernel removes the namespace, its devices and its rules when the last process inside ends. */
export function removeCommand(namespace: string): Command {
  return ip('netns', 'delete', namespace)
}

export function sysctlCommands(
  namespace: string,
  sysctls: Readonly<Record<string, string | number>>
): Command[] {
  const settings = Object.entries(sysctls).map(([name, value]) => `${name}=${value}`)
  return settings.length === 0 ? [] : [{ argv: inside(namespace, ['sysctl', '-q', '-w', ...settings]) }]
}

/** Adds `rules` to those of the namespace. */
export function rulesCommand(namespace: string, rules: string): Command {
  return { argv: inside(namespace, ['nft', '-f', '-']), input: rules }
}

/**
 * Without duplicate address detection. Until it has checked its own link-local address, which takes a second, a router
 * resolves no neighbor.
 */
const noDuplicateCheck = { 'net.ipv6.conf.all.accept_dad': 0, 'net.ipv6.conf.default.accept_dad': 0 }

/** Addresses come last: an IPv6 address added before its device is up cannot be reached for the first second. */
function linkCommands([a, b]: Link, nameOf: NameOf): Command[] {
  const peer = ['peer', 'name', b.device, 'netns', nameOf(b.namespace)]
  return [
    ip('-n', nameOf(a.namespace), 'link', 'add', a.device, 'type', 'veth', ...peer),
    ...[a, b].map(({ namespace, device }) => ip('-n', nameOf(namespace), 'link', 'set', 'dev', device, 'up')),
    ...[a, b].flatMap((end) => addressCommands(end, nameOf(end.namespace)))
  ]
}

function addressCommands({ device, addresses }: End, namespace: string): Command[] {
  return addresses.map((address) =>
    ip('-n', namespace, 'address', 'add', address, 'dev', device, ...(isV6(address) ? ['nodad'] : []))
  )
}

function routeCommand(namespace: string, gateway: string): Command {
  return ip('-n', namespace, ...(isV6(gateway) ? ['-6'] : []), 'route', 'add', 'default', 'via', gateway)
}

const isV6 = (address: string) => address.includes(':')

function ip(...args: string[]): Command {
  return { argv: ['ip', ...args] }
}
