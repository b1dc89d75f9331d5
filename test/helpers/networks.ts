/** Hosts on cables, with IPv4 and IPv6: each host is a network namespace. Needs root. */
import { connectNamespaces, Namespace } from './namespace.js'

/** Addresses of one family; the server is the same host in both networks. */
export interface Places {
  client: string
  router: string
  server: string
  /** An address on the link of the client that no host has. */
  nobody: string
}

/** A client and a server on one cable. */
export const onOneCable = {
  v4: { client: '198.18.40.1', server: '198.18.40.2', router: '', nobody: '198.18.40.9' },
  v6: { client: 'fd00:40::1', server: 'fd00:40::2', router: '', nobody: 'fd00:40::9' }
} as const satisfies Record<string, Places>

/** The same with a router between them. */
export const acrossRouter = {
  v4: { client: '198.18.40.1', router: '198.18.40.254', server: '198.18.41.2', nobody: '198.18.40.9' },
  v6: { client: 'fd00:40::1', router: 'fd00:40::254', server: 'fd00:41::2', nobody: 'fd00:40::9' }
} as const satisfies Record<string, Places>

export type Family = keyof typeof onOneCable

export const families: Family[] = ['v4', 'v6']

/** `address:port`, as a target is written. */
export function endpoint(address: string, port: number | string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function both(a: Namespace, addressA: string[], b: Namespace, addressB: string[], name: string) {
  connectNamespaces(a, addressA[0] ?? '', b, addressB[0] ?? '', name)
  for (const [host, address] of [
    [a, addressA[1]],
    [b, addressB[1]]
  ] as const)
    host.run('ip', 'address', 'add', address ?? '', 'dev', name, 'nodad')
}

export async function cabled() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  both(client, ['198.18.40.1/24', 'fd00:40::1/64'], server, ['198.18.40.2/24', 'fd00:40::2/64'], 'cable')
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

export async function routed() {
  const client = await Namespace.create()
  const router = await Namespace.create()
  const server = await Namespace.create()
  both(client, ['198.18.40.1/24', 'fd00:40::1/64'], router, ['198.18.40.254/24', 'fd00:40::254/64'], 'near')
  both(server, ['198.18.41.2/24', 'fd00:41::2/64'], router, ['198.18.41.254/24', 'fd00:41::254/64'], 'far')
  router.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  for (const [host, v4, v6] of [
    [client, '198.18.40.254', 'fd00:40::254'],
    [server, '198.18.41.254', 'fd00:41::254']
  ] as const) {
    host.run('ip', 'route', 'add', 'default', 'via', v4)
    host.run('ip', '-6', 'route', 'add', 'default', 'via', v6)
  }
  return {
    client,
    router,
    server,
    [Symbol.dispose]() {
      for (const host of [client, router, server]) host[Symbol.dispose]()
    }
  }
}

/** A firewall with one rule in one hook. */
export function rule(hook: string, text: string): string {
  return `table inet c1m_test { chain only { type filter hook ${hook} priority 0; ${text}; }; }`
}
