/**
 * Whose a namespace is. Its name carries the process that made it and when that process began, so that what a killed run
 * left behind can be told from what a living one works with, without a list that could get lost.
 */
import { readFileSync } from 'node:fs'

/** A process, unmistakable as long as the machine runs. */
export interface Owner {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number
}

/** Begins the name of everything labs make. */
export const prefix = 'c1mlab-'

/** null when there is no such process. */
export function readOwner(pid: number, procRoot = '/proc'): Owner | null {
  try {
    const stat = readFileSync(`${procRoot}/${pid}/stat`, 'latin1')
    // The name of the program, in brackets, may hold anything; field 3 follows it.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? null : { pid, startTicks: Number(fields[18]) }
  } catch {
    return null
  }
}

export function isAlive({ pid, startTicks }: Owner, procRoot = '/proc'): boolean {
  return readOwner(pid, procRoot)?.startTicks === startTicks
}

/** `c1mlab-1234-567890-server` */
export function namespaceName({ pid, startTicks }: Owner, role: string): string {
  return `${prefix}${pid}-${startTicks}-${role}`
}

/** Who made the namespace of this name; null when labs did not. */
export function ownerOf(name: string): Owner | null {
  const match = /^c1mlab-(\d+)-(\d+)-/.exec(name)
  return match && { pid: Number(match[1]), startTicks: Number(match[2]) }
}
