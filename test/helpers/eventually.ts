/** How long a test waits for what must come, in milliseconds: far longer than it ever takes. */
const patienceMs = 15_000

/** Waits until `condition` holds, looking again and again. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + patienceMs; !condition(); ) {
    if (performance.now() > until) throw new Error(`this did not come to hold: ${condition}`)
    await new Promise(setImmediate)
  }
}
