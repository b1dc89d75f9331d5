import { availableParallelism, totalmem } from 'node:os'
import type { Count } from '../base/quantities.js'
import type { HostFacts } from './facts.js'

/** The machine on which the run took place. */
export interface ResultHost {
  /** Kernel release, as `uname -r` prints it. */
  kernel: string
  /** Processor architecture as Node names it, e.g. `x64`. */
  arch: string
  /** CPUs this process may use. */
  cpus: Count
  memoryBytes: Count
  /** Node version without the `v`. */
  node: string
  /** Hard RLIMIT_NOFILE: the limit of one descriptor table. 2^53 - 1 (Number.MAX_SAFE_INTEGER) if unlimited. */
  descriptorLimit: Count
}

/** The host as part of every result, so that numbers always come with the machine they were measured on. */
export function resultHost({ kernel, limits }: HostFacts): ResultHost {
  return {
    kernel: kernel.release ?? 'unknown',
    arch: process.arch,
    cpus: kernel.cpus ?? availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
    descriptorLimit: typeof limits.nofileHard === 'number' ? limits.nofileHard : Number.MAX_SAFE_INTEGER
  }
}
