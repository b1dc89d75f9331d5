/** Identifies the host, boot and network namespace: settings of one mean nothing in another. */
import { readFileSync, readlinkSync } from 'node:fs'
import type { JournalPlace } from './journal_place.js'

/** null: the value cannot be read. */
export interface Identity {
  /** `/etc/machine-id`, machine-id(5); missing in many containers. */
  machineId: string | null
  /** `kernel.random.boot_id`: sysctls last until the next boot. */
  bootId: string | null
  /**
   * Inode of the network namespace from `/proc/self/ns/net`, `net:[4026531840]`. The kernel may reuse the number of a
   * namespace that no longer exists.
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

/** How `other` differs from `here`, as a text for an error; null if it does not differ. */
export function difference(here: Identity, other: Identity): string | null {
  if (here.machineId !== other.machineId) return `another host (machine-id ${other.machineId ?? 'unknown'})`
  if (here.bootId !== other.bootId) return 'an earlier boot, whose settings are gone'
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
