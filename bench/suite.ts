/** What a suite is, and how the index runs one. */
import { watchNoise } from './host.js'
import type { BenchMode, Comparison, Curve, Figure, SuiteResult } from './result.js'

/** One file in suites/: a question and the measurement that answers it. */
export interface Suite {
  title: string
  run(context: SuiteContext): Promise<Measured>
}

export interface SuiteContext {
  /** Quick: every suite in well under a minute in all, small counts. Full: the counts we are held to. */
  mode: BenchMode
  /** Path of google/neper's tcp_crr, where there is one to compare with. */
  neper?: string | undefined
  /** Says what is being done right now. */
  progress(text: string): void
}

export interface Measured {
  figures: Figure[]
  comparisons?: Comparison[]
  curves?: Curve[]
  notes?: string[]
}

/** Thrown by a suite that can't run here; the message says why. */
export class CannotRun extends Error {}

/** A suite that fails spoils its own figures, not those of the others. */
export async function runSuite(
  id: string,
  { title, run }: Suite,
  context: SuiteContext,
  interrupted: AbortSignal
): Promise<SuiteResult> {
  const noise = watchNoise()
  const began = performance.now()
  let measured: Measured = { figures: [] }
  let skipped: string | null = null
  let failed = false
  try {
    measured = await run(context)
  } catch (error) {
    failed = !(error instanceof CannotRun || interrupted.aborted)
    skipped = interrupted.aborted ? 'interrupted' : (error as Error).message
  }
  return {
    id,
    title,
    skipped,
    failed,
    seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
    noise: noise(),
    figures: measured.figures,
    comparisons: measured.comparisons ?? [],
    curves: measured.curves ?? [],
    notes: measured.notes ?? []
  }
}
