/** What the CPUs of this host did: for this process, for others, and how long this process's threads waited for one. */
import { readdirSync } from 'node:fs'
import { readProcText } from './proc_reader.js'

/** CPU time so far, in seconds. */
export interface CpuReading {
  /** User and system time of all threads of this process. */
  processSeconds: number
  /** How long its threads were ready to run and had no CPU; null where it was not asked for, or the kernel does not tell. */
  waitedSeconds: number | null
  /** User, nice, and system time of all processes of the host; null likewise. */
  busySeconds: number | null
}

/** What dialing took of the CPUs. */
export interface DialingCpu {
  cpuSeconds: number
  waitedSeconds: number | null
  otherSeconds: number | null
}

/** @param deep whether to read what takes a file for each thread */
export function readCpu(deep: boolean): CpuReading {
  const { user, system } = process.cpuUsage()
  return {
    processSeconds: (user + system) / 1e6,
    waitedSeconds: deep ? waitedSeconds() : null,
    busySeconds: deep ? busySeconds() : null
  }
}

export function cpuBetween(before: CpuReading, after: CpuReading): DialingCpu {
  const cpuSeconds = Math.max(0, after.processSeconds - before.processSeconds)
  const busy = between(before.busySeconds, after.busySeconds)
  return {
    cpuSeconds,
    waitedSeconds: between(before.waitedSeconds, after.waitedSeconds),
    otherSeconds: busy === null ? null : Math.max(0, busy - cpuSeconds)
  }
}

/** A thread that has ended takes its time with it. */
function between(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : Math.max(0, after - before)
}

/** The second number of each thread: nanoseconds spent on a run queue, sched-stats.rst. */
function waitedSeconds(): number | null {
  try {
    const waitedNs = readdirSync('/proc/self/task').map((thread) => {
      const [, waited] = readProcText(`/proc/self/task/${thread}/schedstat`).split(' ')
      return Number(waited)
    })
    const sum = waitedNs.reduce((total, waited) => total + waited, 0)
    return Number.isFinite(sum) ? sum / 1e9 : null
  } catch {
    return null
  }
}

/** USER_HZ, in which proc_stat(5) counts on every architecture that Node runs on. */
const ticksPerSecond = 100

/** Without what interrupts took, which is nobody's in particular. */
function busySeconds(): number | null {
  try {
    const match = /^cpu +(\d+) (\d+) (\d+) /.exec(readProcText('/proc/stat'))
    return match && (Number(match[1]) + Number(match[2]) + Number(match[3])) / ticksPerSecond
  } catch {
    return null
  }
}
