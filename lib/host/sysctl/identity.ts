/** Which host, boot and network namespace this is: settings of one mean nothing in another. */
import { readFileSync, readlinkSync } from 'node:fs'
import type { JournalPlace } from './journal_place.js'

/** null: cannot be read. */
export interface Identity {
  /** `/etc/machine-id`, machine-id(5); absent in many containers. */
  machineId: string | null
  /** `kernel.random.boot_id`: sysctls last until the next boot. */
  bootId: string | null
  /**
   * Inode of the network namespace as `/proc/self/ns/net` names it, `net:[4026531840]`. The number of a namespace that has
   * gone may be given to another one.
   */
  netNamespace: string | null
}

export function readIdentity({ procRoot, etcRoot }: Pick<JournalPlace, 'procRoot' | 'etcRoot'>): Identity {
  return {
    machineId: attempt(() => readFileSync(`${etcRoot}/machine-id`, 'latin1').trim()),
    bootId: attempt(() => readFileSync(`${procRoot}/sys/kernel/random/boot_id`, 'latin1').trim()),
    netNamespace: attempt(() => readlinkSync(`${procRoot}/self/ns/net`))
  }
}

/** How `other` differs from here, in words; null when it does not. */
export function difference(here: Identity, other: Identity): string | null {
  if (here.machineId !== other.machineId) return `another host (machine-id ${other.machineId ?? 'unknown'})`
  if (here.bootId !== other.bootId) return 'an earlier boot, with which its settings have gone'
  if (here.netNamespace !== other.netNamespace)
    return `another network namespace, ${other.netNamespace ?? 'unknown'} (this is ${here.netNamespace ?? 'unknown'})`
  return null
}

function attempt(read: () => string): string | null {
  try {
    return read()
  } catch {
    return null
  }
}
