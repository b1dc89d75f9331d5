/** Where the doctor reads and writes. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hostPaths } from '../host/sysctl/host_journal.js'
import type { JournalPlace } from '../host/sysctl/journal_place.js'

export interface Places {
  /** Default `/proc`. */
  procRoot: string
  /** Default `/sys`. */
  sysRoot: string
  /** Default `/etc`: for `machine-id`. */
  etcRoot: string
  /** Where the journal is. */
  stateFolder: string
  /** Where the journal of labs is. Default `/run/c1m-native`. */
  labStateFolder: string
}

/** The doctor's journal: nobody's own, so that any call can revert it. */
export function doctorJournal({ procRoot, etcRoot, stateFolder }: Places): JournalPlace {
  return {
    path: join(stateFolder, 'sysctl-journal.json'),
    procRoot,
    etcRoot,
    modes: { file: 0o600, folder: 0o700 },
    hasOwner: false,
    hints: {
      unwritable: 'Be root, or name a place you may write to with XDG_STATE_HOME.',
      foreign: 'Revert it where it was written, or name another place with XDG_STATE_HOME.'
    }
  }
}

export function systemPlaces(): Places {
  return {
    procRoot: '/proc',
    sysRoot: '/sys',
    etcRoot: '/etc',
    stateFolder: stateFolder(),
    labStateFolder: hostPaths.stateFolder
  }
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
