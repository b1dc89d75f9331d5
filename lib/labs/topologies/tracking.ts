/** What the labs of connection tracking share. Pure. */
import type { Change } from '../stage/stage.js'

/** Tracking begins in a namespace with its first rule that asks for it. */
export const tracked = `
table inet lab {
  chain tracked {
    type filter hook input priority filter;
    ct state new counter
  }
}`

/** Leaves connections to these ports alone, both directions, as the remedy of both findings says. */
export function untracked(ports: string): string {
  const chain = (name: string, hook: string) => `
  chain ${name} {
    type filter hook ${hook} priority raw;
    tcp dport ${ports} notrack
    tcp sport ${ports} notrack
  }`
  return `table inet c1m {${chain('pre', 'prerouting')}${chain('out', 'output')}\n}`
}

/** Empties the table of a namespace. */
export function forget(role: string): Change {
  return { in: role, run: ['conntrack', '-F'] }
}
