import { availableParallelism, totalmem } from 'node:os'
import type { ResultHost } from '../result.js'
import type { HostFacts } from './facts.js'

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
