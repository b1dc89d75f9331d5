/** A piece for scripts: what a process holds, so that two moments can be compared. */

/**
 * Defines `inUse()`: descriptors and threads of the process it runs in, and whether sockets stay at `address`, other
 * than those the kernel keeps in TIME_WAIT; it is given a moment to let go of them.
 */
export function defineInUse(address: string): string {
  return `
    const { readdirSync } = await import('node:fs')
    const { execFileSync } = await import('node:child_process')
    const hasSockets = () => execFileSync('ss', [
      '-Htan', 'exclude', 'time-wait', 'src ${address} or dst ${address}'
    ]).length > 0
    const inUse = () => {
      const descriptors = readdirSync('/proc/self/fd').length
      const threads = readdirSync('/proc/self/task').length
      const until = performance.now() + 5000
      while (hasSockets() && performance.now() < until);
      return { descriptors, threads, sockets: hasSockets() }
    }
    // The first child process leaves a descriptor in the event loop.
    inUse()`
}
