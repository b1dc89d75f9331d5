/** How long a test waits for an expected event, in milliseconds: far longer than it ever takes. */
const patienceMs = 15_000

/** Polls until `condition` holds. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (const until = performance.now() + patienceMs; !condition(); ) {
    if (performance.now() > until) throw new Error(`this did not come to hold: ${condition}`)
    await new Promise(setImmediate)
  }
}
