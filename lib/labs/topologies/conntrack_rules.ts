/** nft rules that begin and end connection tracking. Pure. */
import type { LabChange } from '../sandbox/lab_network.js'

/** A namespace tracks connections from the first rule that uses their state. */
export const tracked = `
table inet lab {
  chain tracked {
    type filter hook input priority filter;
    ct state new counter
  }
}`

/** Stops tracking of connections to these ports, in both directions, as the remedy of both findings says. */
export function untracked(ports: string): string {
  const chain = (name: string, hook: string) => `
  chain ${name} {
    type filter hook ${hook} priority raw;
    tcp dport ${ports} notrack
    tcp sport ${ports} notrack
  }`
  return `table inet c1m {${chain('pre', 'prerouting')}${chain('out', 'output')}\n}`
}

/** Empties the connection tracking table of a namespace. */
export function forget(namespace: string): LabChange {
  return { in: namespace, run: ['conntrack', '-F'] }
}
