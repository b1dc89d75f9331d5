import { availableParallelism, totalmem } from 'node:os'
import type { Count } from '../base/quantities.js'
import type { HostFacts } from './facts.js'

/** The machine the run took place on. */
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
  /** Hard RLIMIT_NOFILE: the bound of one descriptor table. 2^53 - 1 (Number.MAX_SAFE_INTEGER) when unlimited. */
  descriptorLimit: Count
}

/** The host as every result names it, so that a number never travels without its machine. */
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
