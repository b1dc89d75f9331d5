import { availableParallelism, totalmem } from 'node:os'
import type { HostFacts } from './facts.js'

/** The machine the run took place on. */
export interface ResultHost {
  /** Kernel release, as `uname -r` prints it. */
  kernel: string
  /** Processor architecture as Node names it, e.g. `x64`. */
  arch: string
  /** CPUs this process may use. */
  cpus: number
  memoryBytes: number
  /** Node version without the `v`. */
  node: string
  /** Hard RLIMIT_NOFILE: the bound of one descriptor table. Number.MAX_SAFE_INTEGER when unlimited. */
  descriptorLimit: number
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
