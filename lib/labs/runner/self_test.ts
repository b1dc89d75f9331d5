/** Which detectors are proven on this kernel: those whose incident a lab has made here, and which named it. */

import { version } from '../../base/version.js'
import { type FindingId, findingIds } from '../../checks/index.js'
import { readHostFacts } from '../../host/facts.js'
import { type ResultHost, resultHost } from '../../host/result_host.js'
import type { Lab } from '../verdict/lab.js'
import { type LabReport, type RunLabsOptions, runLabs } from './run_labs.js'

/** A lab that takes longer, in seconds, is not quick. */
const quickSeconds = 30

export interface DetectorProof {
  id: FindingId
  /** The lab that makes its incident; null: there is none. */
  lab: string | null
  /** null: it was not tried. */
  proven: boolean | null
  /** Why it was not proven, or not tried. */
  reasons: string[]
}

/** What {@link selfTest} found. */
export interface SelfTest {
  schema: 'c1m-native/self-test@1'
  version: string
  host: ResultHost
  /** Some were tried, and each of these is proven. */
  ok: boolean
  /** Every finding there is. */
  detectors: DetectorProof[]
  totalSeconds: number
}

/**
 * Runs the quickest lab of each finding, unless that is not quick.
 * @throws as `runLab`
 */
export async function selfTest(labs: readonly Lab[], options: RunLabsOptions): Promise<SelfTest> {
  const chosen = quickest(labs)
  const report = await runLabs([...chosen.values()], options)
  return {
    schema: 'c1m-native/self-test@1',
    version,
    host: resultHost(readHostFacts()),
    ok: report.ok,
    detectors: findingIds.map((id) => proofOf(id, chosen.get(id), report)),
    totalSeconds: report.totalSeconds
  }
}

/** The quickest lab by finding. Pure. */
export function quickest(labs: readonly Lab[]): Map<FindingId, Lab> {
  const chosen = new Map<FindingId, Lab>()
  for (const lab of [...labs].sort((a, b) => a.seconds - b.seconds)) {
    if (lab.expected !== null && lab.seconds <= quickSeconds && !chosen.has(lab.expected))
      chosen.set(lab.expected, lab)
  }
  return chosen
}

function proofOf(id: FindingId, lab: Lab | undefined, { labs, skipped }: LabReport): DetectorProof {
  if (!lab) return { id, lab: null, proven: null, reasons: [] }
  const result = labs.find(({ name }) => name === lab.name)
  const reasons = result?.failures ?? skipped.find(({ name }) => name === lab.name)?.reasons ?? []
  return { id, lab: lab.name, proven: result?.ok ?? null, reasons }
}
