/** Which process that is: its number alone may be given to another one once it has ended. */
import { readFileSync } from 'node:fs'

/** A process, unmistakable as long as the machine runs. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number
}

/** null when there is no such process, or only its zombie. */
export function identifyProcess(pid: number, procRoot = '/proc'): ProcessIdentity | null {
  try {
    // proc_pid_stat(5): the name, in parentheses, may hold anything; then state is the 3rd field, starttime the 22nd.
    const stat = readFileSync(`${procRoot}/${pid}/stat`, 'latin1')
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ['Z', 'X'].includes(state) ? null : { pid, startTicks: Number(fields[18]) }
  } catch {
    return null
  }
}

export function isAlive({ pid, startTicks }: ProcessIdentity, procRoot = '/proc'): boolean {
  return identifyProcess(pid, procRoot)?.startTicks === startTicks
}

/** This process; without /proc one that no other process takes for alive. */
export function thisProcess(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, startTicks: 0 }
}

/** `PID-STARTTICKS`, for names of files and links. */
export function formatProcess({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}-${startTicks}`
}

/** The process of such a name; null when it is none. */
export function parseProcess(text: string): ProcessIdentity | null {
  const match = /^(\d{1,10})-(\d{1,15})$/.exec(text)
  return match && { pid: Number(match[1]), startTicks: Number(match[2]) }
}
