/**
 * Whose a namespace is. Its name carries the process that made it and when that process began, so that what a killed run
 * left behind can be told from what a living one works with, without a list that could get lost.
 */
import { formatProcess, type ProcessIdentity } from '../../host/process_identity.js'

/** Begins the name of everything labs make. */
export const prefix = 'c1mlab-'

/** `c1mlab-1234-567890-server` */
export function namespaceName(owner: ProcessIdentity, role: string): string {
  return `${prefix}${formatProcess(owner)}-${role}`
}

/** Who made the namespace of this name; null when labs did not. */
export function ownerOf(name: string): ProcessIdentity | null {
  const match = /^c1mlab-(\d+)-(\d+)-/.exec(name)
  return match && { pid: Number(match[1]), startTicks: Number(match[2]) }
}
