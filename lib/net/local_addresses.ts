/** The addresses of this host's interfaces, in this network namespace. */
import { readFileSync } from 'node:fs'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { formatAddress } from './address.js'

/**
 * Addresses by the name of their interface; null where the kernel may not be asked: that takes a netlink socket, which a
 * sandbox may refuse (RestrictAddressFamilies= of systemd.exec(5)).
 */
export function interfaceAddresses(): NodeJS.Dict<NetworkInterfaceInfo[]> | null {
  try {
    return networkInterfaces()
  } catch {
    return null
  }
}

/** Names of this network namespace's devices, also of those that are down; null where /proc cannot be read: proc_net(5). */
export function networkDevices(procRoot = '/proc'): string[] | null {
  const table = textOf(`${procRoot}/net/dev`)
  return table === '' ? null : [...table.matchAll(/^ *([^\s:]+):/gm)].map(([, name = '']) => name)
}

/** Every address of this host's interfaces, numeric; where netlink is refused, those that /proc tells. */
export function ownAddresses(procRoot = '/proc'): Set<string> {
  const interfaces = interfaceAddresses()
  return interfaces
    ? new Set(Object.values(interfaces).flatMap((list = []) => list.map(({ address }) => address)))
    : addressesInProc(procRoot)
}

/** The local routing table has each IPv4 address as a host route; if_inet6 lists the IPv6 addresses. */
export function addressesInProc(procRoot: string): Set<string> {
  const local = /\|-- ([\d.]+)\n(?: +\/\d+ .*\n)*? +\/32 host LOCAL/g
  const v4 = [...textOf(`${procRoot}/net/fib_trie`).matchAll(local)].map(([, address = '']) => address)
  const v6 = [...textOf(`${procRoot}/net/if_inet6`).matchAll(/^[\da-f]{32}(?= )/gm)].map(([digits]) =>
    formatAddress({ family: 6, value: BigInt(`0x${digits}`) })
  )
  return new Set([...v4, ...v6])
}

/** An IPv6 address of this host that the kernel does not let anybody use. */
export interface UnsettledAddress {
  address: string
  /** Length of its prefix. */
  prefix: number
  device: string
  /** `tentative` while duplicate address detection is under way; `duplicate` when another host has it. */
  state: 'tentative' | 'duplicate'
}

/** Flags in if_inet6: linux/if_addr.h. An optimistic address is tentative, too, and may be used. */
const addressFlags = { optimistic: 0x04, failed: 0x08, tentative: 0x40 } as const

/** Addresses that duplicate address detection keeps from being bound, RFC 4862: bind(2) fails with EADDRNOTAVAIL. */
export function unsettledAddresses(procRoot = '/proc'): UnsettledAddress[] {
  const line = /^([\da-f]{32}) [\da-f]+ ([\da-f]+) [\da-f]+ ([\da-f]+) +(\S+)$/gm
  return [...textOf(`${procRoot}/net/if_inet6`).matchAll(line)].flatMap((match) => {
    const [, digits, prefix = '', text = '', device = ''] = match
    const flags = Number.parseInt(text, 16)
    const failed = (flags & addressFlags.failed) !== 0
    const tentative = (flags & addressFlags.tentative) !== 0 && (flags & addressFlags.optimistic) === 0
    if (!failed && !tentative) return []
    const address = formatAddress({ family: 6, value: BigInt(`0x${digits}`) })
    return [
      { address, prefix: Number.parseInt(prefix, 16), device, state: failed ? 'duplicate' : 'tentative' }
    ]
  })
}

/** Nothing where it cannot be read: IPv6 may be off, /proc missing. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
