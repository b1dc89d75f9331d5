/** Identifies a process: after it has ended, the kernel may reuse its pid. */
import { readFileSync } from 'node:fs'

/** Identifies a process uniquely until the next boot. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number
}

/** null if there is no such process, or only its zombie. */
export function identifyProcess(pid: number, procRoot = '/proc'): ProcessIdentity | null {
  try {
    // proc_pid_stat(5): the name, in parentheses, may contain anything; state is the 3rd field, starttime the 22nd.
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

/** This process. Without /proc, the start time is 0, so other processes never consider it alive. */
export function thisProcess(): ProcessIdentity {
  return identifyProcess(process.pid) ?? { pid: process.pid, startTicks: 0 }
}

/** `PID-STARTTICKS`, for names of files and links. */
export function formatProcess({ pid, startTicks }: ProcessIdentity): string {
  return `${pid}-${startTicks}`
}

/** Parses such a name; null if it is not one. */
export function parseProcess(text: string): ProcessIdentity | null {
  const match = /^(\d{1,10})-(\d{1,15})$/.exec(text)
  return match && { pid: Number(match[1]), startTicks: Number(match[2]) }
}
