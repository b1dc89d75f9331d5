/** What this process may do with descriptor tables: only the kernel can tell, because a seccomp filter may refuse it. */
import { native } from './native.js'

export interface TableRules {
  /** Whether threads can have tables of their own: close_range(2) of Linux 5.9. */
  privateTables: boolean
  /** Descriptors of one table: the soft RLIMIT_NOFILE, once it is raised as far as it may be. */
  descriptorLimit: number
}

/** Asks the kernel, on a thread that ends at once; null where there is no addon for this host. */
export function tableRules(): TableRules | null {
  try {
    const addon = native()
    return { privateTables: addon.privateTables(), descriptorLimit: addon.descriptorLimit() }
  } catch {
    return null
  }
}
