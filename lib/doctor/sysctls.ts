/** The sysctls that a goal may need: their scopes, and whether they can be set from here. */
import { accessSync, constants } from 'node:fs'
import { reasonOf } from '../host/proc_reader.js'
import type { Change } from '../host/sysctl/journal.js'
import { sysctlPath } from '../host/sysctl/values.js'
import type { Places } from './places.js'

/**
 * The reach of a setting. `namespace`: this network namespace. `initial-namespace`: the whole host, settable only in the
 * initial network namespace. `host`: the whole host, settable by the host's root in any namespace.
 */
export type Scope = 'namespace' | 'initial-namespace' | 'host'

/** Every sysctl that the remedy of a prediction may name. Measured on Linux 6.18: missing or 0444 in a child namespace. */
const scopes: Readonly<Record<string, Scope>> = {
  'fs.file-max': 'host',
  'fs.nr_open': 'host',
  'net.core.somaxconn': 'namespace',
  'net.ipv4.tcp_child_ehash_entries': 'namespace',
  'net.ipv4.tcp_max_tw_buckets': 'namespace',
  'net.netfilter.nf_conntrack_buckets': 'initial-namespace',
  'net.netfilter.nf_conntrack_max': 'initial-namespace'
}

/** Sysctls that do not help the goal by themselves: this one affects only namespaces that are created later. */
const adviceOnly = new Set(['net.ipv4.tcp_child_ehash_entries'])

/** The scope of a sysctl; null if this module does not know it. */
export function scopeOf(name: string): Scope | null {
  return scopes[name] ?? null
}

/** Whether doctor sets the sysctl and restores it. */
export function isManaged(name: string): boolean {
  return Object.hasOwn(scopes, name) && !adviceOnly.has(name)
}

/** Names of the sysctls that doctor sets. */
export const managedSysctls: readonly string[] = Object.keys(scopes).filter(isManaged)

/** Whether all namespaces share the sysctl: labs change some of these for seconds. */
export function isHostWide(name: string): boolean {
  return scopeOf(name) !== 'namespace'
}

/** Whether `current` is at least `wanted`: doctor never lowers a setting. */
export function isEnough(current: string, wanted: string): boolean {
  const [is, should] = [Number(current), Number(wanted)]
  return Number.isFinite(is) && Number.isFinite(should) ? is >= should : current === wanted
}

/** Whether doctor has set this value, after this change or during it. */
export function isOurs({ before, ours, unsettled = false }: Change, value: string): boolean {
  const latest = ours.at(-1) ?? before
  // The kernel may have rounded up (nf_conntrack_buckets to whole pages) before the process was killed.
  return ours.includes(value) || (unsettled && isEnough(value, latest))
}

/** The user that runs this process. */
export interface Caller {
  isRoot: boolean
  /** false: its root is not the host's root; null: unknown. */
  initialUserNamespace: boolean | null
}

export function mayWrite(name: string, { procRoot }: Places): boolean {
  try {
    accessSync(sysctlPath(name, procRoot), constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Why the sysctl cannot be written from here; null if it can. */
export function obstacle(name: string, caller: Caller, { procRoot }: Places): string | null {
  try {
    accessSync(sysctlPath(name, procRoot), constants.R_OK | constants.W_OK)
    return null
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === 'EROFS') return '/proc/sys is read-only here, as in a container: set it on the host'
    if (!caller.isRoot) return 'needs root'
    if (scopes[name] === 'initial-namespace')
      return 'cannot be set from this network namespace: set it on the host'
    if (caller.initialUserNamespace === false)
      return 'needs the root of the host, but this is the root of a user namespace'
    return `cannot be written here (${reason})`
  }
}
