/** CPU time of this host: of this process, of other processes, and the time this process's threads waited for a CPU. */
import { readdirSync } from 'node:fs'
import { readProcText } from './proc_reader.js'

/** CPU time so far, in seconds. */
export interface CpuReading {
  /** User and system time of all threads of this process. */
  processSeconds: number
  /** Time its threads were ready to run without a CPU; null if not requested, or if the kernel does not report it. */
  waitedSeconds: number | null
  /** User, nice, and system time of all processes of the host; null for the same reasons. */
  busySeconds: number | null
}

/** CPU time while the run dialed. */
export interface DialingCpu {
  cpuSeconds: number
  waitedSeconds: number | null
  otherSeconds: number | null
}

/** @param deep whether to read the values that take one file per thread */
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

/** At least 0: the time of a thread is lost from the sum when the thread ends. */
function between(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : Math.max(0, after - before)
}

/** Sums the second number of each thread: nanoseconds on a run queue, sched-stats.rst. */
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

/** USER_HZ, the unit of proc_stat(5) on every architecture that Node runs on. */
const ticksPerSecond = 100

/** Excludes the time of interrupts, which belongs to no process. */
function busySeconds(): number | null {
  try {
    const match = /^cpu +(\d+) (\d+) (\d+) /.exec(readProcText('/proc/stat'))
    return match && (Number(match[1]) + Number(match[2]) + Number(match[3])) / ticksPerSecond
  } catch {
    return null
  }
}
