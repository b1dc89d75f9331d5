/** Where the doctor reads and writes. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface Places {
  /** Default `/proc`. */
  procRoot: string
  /** Default `/sys`. */
  sysRoot: string
  /** Default `/etc`: for `machine-id`. */
  etcRoot: string
  /** Where the journal is. */
  stateFolder: string
}

export const journalName = 'sysctl-journal.json'

export function systemPlaces(): Places {
  return { procRoot: '/proc', sysRoot: '/sys', etcRoot: '/etc', stateFolder: stateFolder() }
}

/**
 * `$XDG_STATE_HOME/c1m-native` when that is set; else `/var/lib/c1m-native` for root, `~/.local/state/c1m-native` for
 * others (XDG Base Directory Specification 0.8).
 */
function stateFolder(): string {
  const named = process.env.XDG_STATE_HOME
  // A relative path is to be ignored, says the specification.
  if (named?.startsWith('/')) return join(named, 'c1m-native')
  return process.geteuid?.() === 0 ? '/var/lib/c1m-native' : join(homedir(), '.local/state/c1m-native')
}
