/** What a suite is, and how the index runs one. */
import { watchNoise } from './host.js'
import type { BenchMode, Comparison, Curve, Figure, SuiteResult } from './result.js'

/** One file in suites/: a question and the measurement that answers it. */
export interface Suite {
  /** For --only and in the result. */
  id: string
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

export async function runSuite({ id, title, run }: Suite, context: SuiteContext): Promise<SuiteResult> {
  const noise = watchNoise()
  const began = performance.now()
  let measured: Measured = { figures: [] }
  let skipped: string | null = null
  try {
    measured = await run(context)
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error
    skipped = error.message
  }
  return {
    id,
    title,
    skipped,
    seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
    noise: noise(),
    figures: measured.figures,
    comparisons: measured.comparisons ?? [],
    curves: measured.curves ?? [],
    notes: measured.notes ?? []
  }
}
