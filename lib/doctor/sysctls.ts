/** The sysctls a goal may need: whose they are, and whether they can be set from here. */
import { accessSync, constants } from 'node:fs'
import { reasonOf } from '../host/proc_reader.js'
import type { Change } from '../host/sysctl/journal.js'
import { sysctlPath } from '../host/sysctl/values.js'
import type { Places } from './places.js'

/**
 * Whose a setting is. `namespace`: of this network namespace. `initial-namespace`: one for all, and to be set in the
 * initial network namespace only. `host`: one for all, from any namespace, by the root of the host.
 */
export type Scope = 'namespace' | 'initial-namespace' | 'host'

/** Every sysctl that the remedy of a prediction may name. Measured on Linux 6.18: what is missing or 0444 in a child namespace. */
const scopes: Readonly<Record<string, Scope>> = {
  'fs.file-max': 'host',
  'fs.nr_open': 'host',
  'net.core.somaxconn': 'namespace',
  'net.ipv4.tcp_child_ehash_entries': 'namespace',
  'net.ipv4.tcp_max_tw_buckets': 'namespace',
  'net.netfilter.nf_conntrack_buckets': 'initial-namespace',
  'net.netfilter.nf_conntrack_max': 'initial-namespace'
}

/** Sysctls that do nothing for the goal by themselves: this one is for namespaces that are made later. */
const adviceOnly = new Set(['net.ipv4.tcp_child_ehash_entries'])

/** Whose the sysctl is; null for one this module does not know. */
export function scopeOf(name: string): Scope | null {
  return scopes[name] ?? null
}

/** Whether the sysctl is one to be written, and to be put back. */
export function isManaged(name: string): boolean {
  return Object.hasOwn(scopes, name) && !adviceOnly.has(name)
}

/** Names of the sysctls that are written. */
export const managedSysctls: readonly string[] = Object.keys(scopes).filter(isManaged)

/** Those that are one for all namespaces: labs change some of them for seconds. */
export function isHostWide(name: string): boolean {
  return scopeOf(name) !== 'namespace'
}

/** Whether `current` does as well as `wanted`: no setting is ever lowered. */
export function isEnough(current: string, wanted: string): boolean {
  const [is, should] = [Number(current), Number(wanted)]
  return Number.isFinite(is) && Number.isFinite(should) ? is >= should : current === wanted
}

/** Whether a value is one that was set by us, after this change or in the middle of it. */
export function isOurs({ before, ours, unsettled = false }: Change, value: string): boolean {
  const latest = ours.at(-1) ?? before
  // Rounded up, as nf_conntrack_buckets to whole pages, when the process was killed before it could say so.
  return ours.includes(value) || (unsettled && isEnough(value, latest))
}

/** Who is asking. */
export interface Caller {
  isRoot: boolean
  /** false: its root is not the host's; null: unknown. */
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

/** Why the sysctl cannot be written from here; null when it can. */
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
      return 'needs the root of the host, and this is the root of a user namespace'
    return `cannot be written here (${reason})`
  }
}
