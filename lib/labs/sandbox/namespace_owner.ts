/**
 * The name of a namespace says which process made it and when that process started. So clean-up can tell what a killed
 * run left behind from what a running one uses, without a list that could get lost.
 */
import { formatProcess, type ProcessIdentity } from '../../host/process_identity.js'

/** Every namespace of a lab has a name that begins with this. */
const prefix = 'c1mlab-'

const pattern = new RegExp(`^${prefix}(\\d+)-(\\d+)-`)

/** `c1mlab-1234-567890-server` */
export function namespaceName(owner: ProcessIdentity, shortName: string): string {
  return `${prefix}${formatProcess(owner)}-${shortName}`
}

/** The process that made the namespace with this name; null when it is not a lab's. */
export function ownerOf(name: string): ProcessIdentity | null {
  const match = pattern.exec(name)
  return match && { pid: Number(match[1]), startTicks: Number(match[2]) }
}
