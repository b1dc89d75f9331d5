/** The folders in which the doctor reads and writes. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from '../base/check_option.js'
import { checkOptions, type OptionChecks } from '../base/check_options.js'
import { hostPaths } from '../host/sysctl/host_journal.js'
import type { JournalPlace } from '../host/sysctl/journal_place.js'

export interface Places {
  /** Default `/proc`. */
  procRoot: string
  /** Default `/sys`. */
  sysRoot: string
  /** Default `/etc`; contains `machine-id`. */
  etcRoot: string
  /** Folder of the journal. */
  stateFolder: string
  /** Folder of the labs' journal. Default `/run/c1m-native`. */
  labStateFolder: string
}

/** The doctor's journal. It belongs to no process, so that any later call can revert it. */
export function doctorJournal({ procRoot, etcRoot, stateFolder }: Places): JournalPlace {
  return {
    path: join(stateFolder, 'sysctl-journal.json'),
    procRoot,
    etcRoot,
    modes: { file: 0o600, folder: 0o700 },
    hasOwner: false,
    hints: {
      unwritable: 'Run as root, or set XDG_STATE_HOME to a folder you may write to.',
      foreign: 'Revert it where it was written, or set XDG_STATE_HOME to another folder.'
    }
  }
}

const placesChecks: OptionChecks<Places> = {
  procRoot: text,
  sysRoot: text,
  etcRoot: text,
  stateFolder: text,
  labStateFolder: text
}

/**
 * The given places, and the defaults of the system for the others.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function resolvePlaces(given: Partial<Places>): Places {
  return { ...systemPlaces(), ...checkOptions('places', given, placesChecks) }
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
 * `$XDG_STATE_HOME/c1m-native` if that is set; otherwise `/var/lib/c1m-native` for root and `~/.local/state/c1m-native` for
 * other users (XDG Base Directory Specification 0.8).
 */
function stateFolder(): string {
  const named = process.env.XDG_STATE_HOME
  // The specification says to ignore a relative path.
  if (named?.startsWith('/')) return join(named, 'c1m-native')
  const home = process.geteuid?.() === 0 ? null : homeFolder()
  return home === null ? '/var/lib/c1m-native' : join(home, '.local/state/c1m-native')
}

/** Null for a user without HOME who is unknown to the system, because homedir() throws then. */
function homeFolder(): string | null {
  try {
    return homedir()
  } catch {
    return null
  }
}
