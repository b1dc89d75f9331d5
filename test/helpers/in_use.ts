/** Code for scripts that reads what a process holds, so that two moments can be compared. */

/**
 * Defines `inUse()`: descriptors and threads of the process it runs in, and whether any process holds sockets at
 * `address`; it is given a moment to let go of them. What the kernel has yet to finish with has no inode.
 */
export function defineInUse(address: string): string {
  return `
    const { readdirSync } = await import('node:fs')
    const { execFileSync } = await import('node:child_process')
    const hasSockets = () =>
      / ino:[1-9]/.test(execFileSync('ss', ['-Htane', 'src ${address} or dst ${address}']))
    // A joined thread stays in /proc for a moment: wait for the lowest number seen so far.
    let fewest = Infinity
    const countThreads = (until) => {
      let threads
      do threads = readdirSync('/proc/self/task').length
      while (threads > fewest && performance.now() < until)
      fewest = Math.min(fewest, threads)
      return threads
    }
    const inUse = () => {
      const until = performance.now() + 5000
      const descriptors = readdirSync('/proc/self/fd').length
      while (hasSockets() && performance.now() < until);
      return { descriptors, threads: countThreads(until), sockets: hasSockets() }
    }
    // The first child process leaves a descriptor in the event loop.
    inUse()`
}
