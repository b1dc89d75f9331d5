/** Tests detectors on this kernel: a lab reproduces the incident, and the detector must name it. */
import { version } from '../../base/version.js'
import { type FindingId, findingIds } from '../../checks/index.js'
import { readHostFacts } from '../../host/facts.js'
import { type ResultHost, resultHost } from '../../host/result_host.js'
import type { Lab } from './lab_definition.js'
import { type LabReport, type RunLabsOptions, runLabs } from './run_labs.js'

/** A quick lab takes at most this long, in seconds. */
const quickSeconds = 30

interface DetectorTest {
  id: FindingId
  /** The quick lab that reproduces its incident; null: there is none. */
  lab: string | null
  /** Whether the lab passed; null: it did not run. */
  proven: boolean | null
  /** Why the lab failed, or did not run. */
  reasons: string[]
}

/** What {@link selfTest} found. */
export interface SelfTest {
  schema: 'c1m-native/self-test@1'
  version: string
  host: ResultHost
  /** At least one lab ran, and every lab that ran passed. */
  ok: boolean
  /** One for every finding. */
  detectors: DetectorTest[]
  totalSeconds: number
}

/**
 * Runs the quickest lab of each finding, if that lab is quick.
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
    detectors: findingIds.map((id) => testOf(id, chosen.get(id), report)),
    totalSeconds: report.totalSeconds
  }
}

/** The quickest lab of each finding. Pure. */
export function quickest(labs: readonly Lab[]): Map<FindingId, Lab> {
  const chosen = new Map<FindingId, Lab>()
  for (const lab of [...labs].sort((a, b) => a.seconds - b.seconds)) {
    if (lab.expected !== null && lab.seconds <= quickSeconds && !chosen.has(lab.expected))
      chosen.set(lab.expected, lab)
  }
  return chosen
}

function testOf(id: FindingId, lab: Lab | undefined, { labs, skipped }: LabReport): DetectorTest {
  if (!lab) return { id, lab: null, proven: null, reasons: [] }
  const result = labs.find(({ name }) => name === lab.name)
  const reasons = result?.failures ?? skipped.find(({ name }) => name === lab.name)?.reasons ?? []
  return { id, lab: lab.name, proven: result?.ok ?? null, reasons }
}
