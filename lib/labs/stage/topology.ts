/** Networks as data, and the commands that make them. Everything here is pure. */
import { type Command, inside } from './command.js'

/** Namespaces by role, e.g. `client`, and the cables between them. */
export interface Topology {
  readonly namespaces: Readonly<Record<string, Namespace>>
  readonly links: readonly Link[]
}

/** One network namespace: a host. Loopback is up. */
export interface Namespace {
  /** Gateway of everything that is not on a link: an address, IPv4 or IPv6. */
  readonly gateway?: string
  /** Sysctls of this namespace, by name. */
  readonly sysctls?: Readonly<Record<string, string | number>>
  /** A ruleset in the language of nft(8). */
  readonly rules?: string
}

/** A veth pair. */
export type Link = readonly [End, End]

export interface End {
  readonly namespace: string
  readonly device: string
  /** `address/length`; IPv6 ones are usable at once (nodad). */
  readonly addresses: readonly string[]
}

/** From a role to the name of its namespace. */
export type NameOf = (role: string) => string

/** Makes the topology. Sysctls come last: those of connection tracking are there once a rule has asked for it. */
export function buildCommands({ namespaces, links }: Topology, nameOf: NameOf): Command[] {
  const all = Object.entries(namespaces)
  const hasV6 = links.some((link) => link.some(({ addresses }) => addresses.some(isV6)))
  return [
    ...all.flatMap(([role]) => [
      ip('netns', 'add', nameOf(role)),
      ...(hasV6 ? sysctlCommands(nameOf(role), noDuplicates) : []),
      ip('-n', nameOf(role), 'link', 'set', 'dev', 'lo', 'up')
    ]),
    ...links.flatMap((link) => linkCommands(link, nameOf)),
    ...all.flatMap(([role, { gateway }]) =>
      gateway === undefined ? [] : [routeCommand(nameOf(role), gateway)]
    ),
    ...all.flatMap(([role, { rules }]) => (rules === undefined ? [] : [rulesCommand(nameOf(role), rules)])),
    ...all.flatMap(([role, { sysctls = {} }]) => sysctlCommands(nameOf(role), sysctls))
  ]
}

/** Forgets the namespace; the kernel ends it, its devices and its rules with the last process inside. */
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

/** A router asks for nobody's address before a second has shown that its own link-local one is no duplicate. */
const noDuplicates = { 'net.ipv6.conf.all.accept_dad': 0, 'net.ipv6.conf.default.accept_dad': 0 }

/** An IPv6 address given to a device before it is up cannot be reached for the first second. */
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
