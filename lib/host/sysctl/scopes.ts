/** Sysctls that are one for all network namespaces, and can be set in the initial one only. */

/**
 * Missing or read-only in any other network namespace: measured on Linux 6.18, for those that a remedy names. `fs.*` is
 * of the whole host as well, but can be set from each.
 */
const initialNamespaceOnly: ReadonlySet<string> = new Set([
  'net.core.netdev_max_backlog',
  'net.ipv4.neigh.default.gc_thresh3',
  'net.ipv6.neigh.default.gc_thresh3',
  'net.ipv4.tcp_max_orphans',
  'net.ipv4.tcp_mem',
  'net.netfilter.nf_conntrack_buckets',
  'net.netfilter.nf_conntrack_max'
])

export function isOfInitialNamespace(name: string): boolean {
  return initialNamespaceOnly.has(name)
}

/**
 * The name of a sysctl of a device as sysctl(8) takes it. A dot in the name of the device, as in `eth0.100`, is written
 * as a slash, or it would pass for a separator: sysctl.d(5).
 */
export function deviceSysctl(tree: string, device: string, leaf: string): string {
  return `${tree}.${swapped(device)}.${leaf}`
}

/** Where the sysctl is below /proc/sys: dots are separators, and a slash is a dot. */
export function sysctlFile(name: string): string {
  return swapped(name)
}

function swapped(name: string): string {
  return name.replace(/[./]/g, (character) => (character === '.' ? '/' : '.'))
}
