/** Which descriptor tables this process may use. Only the kernel can tell, because a seccomp filter may refuse them. */
import { native } from './native.js'

export interface TableRules {
  /** Whether threads can have tables of their own: needs close_range(2) of Linux 5.9. */
  privateTables: boolean
  /** Descriptors per table: the soft RLIMIT_NOFILE after it was raised as far as allowed. */
  descriptorLimit: number
}

/** Asks the kernel on a short-lived thread; null if there is no addon for this host. */
export function tableRules(): TableRules | null {
  try {
    const addon = native()
    return { privateTables: addon.privateTables(), descriptorLimit: addon.descriptorLimit() }
  } catch {
    return null
  }
}
