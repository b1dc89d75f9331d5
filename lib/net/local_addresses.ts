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

/** Nothing where it cannot be read: IPv6 may be off, /proc missing. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
