/** Where the doctor reads and writes. */
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

const placesChecks: OptionChecks<Places> = {
  procRoot: text,
  sysRoot: text,
  etcRoot: text,
  stateFolder: text,
  labStateFolder: text
}

/**
 * The places that were given, and the system's own for the rest.
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
 * `$XDG_STATE_HOME/c1m-native` when that is set; else `/var/lib/c1m-native` for root, `~/.local/state/c1m-native` for
 * others (XDG Base Directory Specification 0.8).
 */
function stateFolder(): string {
  const named = process.env.XDG_STATE_HOME
  // A relative path is to be ignored, says the specification.
  if (named?.startsWith('/')) return join(named, 'c1m-native')
  const home = process.geteuid?.() === 0 ? null : homeFolder()
  return home === null ? '/var/lib/c1m-native' : join(home, '.local/state/c1m-native')
}

/** Null for a user without HOME whom the system does not know: for that one, homedir throws. */
function homeFolder(): string | null {
  try {
    return homedir()
  } catch {
    return null
  }
}
