/** Sysctls that all network namespaces share and that can be set only in the initial one. */

/**
 * Missing or read-only in any other network namespace: measured on Linux 6.18 for the sysctls that a remedy names. `fs.*`
 * also belong to the whole host, but can be set in every namespace.
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
 * The name of a device's sysctl in the form of sysctl(8). A dot in the name of the device, as in `eth0.100`, is written as
 * a slash, because a dot would be a separator: sysctl.d(5).
 */
export function deviceSysctl(tree: string, device: string, leaf: string): string {
  return `${tree}.${swapped(device)}.${leaf}`
}

/** Path of the sysctl below /proc/sys: dots become separators, and a slash becomes a dot. */
export function sysctlFile(name: string): string {
  return swapped(name)
}

function swapped(name: string): string {
  return name.replace(/[./]/g, (character) => (character === '.' ? '/' : '.'))
}
