/** Runs several labs, one after the other. */
import { version } from '../../base/version.js'
import type { LabResult } from '../verdict/lab_result.js'
import type { Lab } from './lab_definition.js'
import { resolveParameters, seriesNumbersOf } from './lab_parameters.js'
import { unmetNeeds } from './requirements.js'
import { type RunLabOptions, runLab } from './run_lab.js'

/** Several labs' results. */
export interface LabReport {
  schema: 'c1m-native/lab-report@1'
  version: string
  /** Every lab that ran passed. */
  ok: boolean
  labs: LabResult[]
  /** Labs that did not run, and what this host lacks or the caller did not permit. */
  skipped: { name: string; reasons: string[] }[]
  totalSeconds: number
}

/** Where a lab stands in a series, from 1, and how long all together usually take. */
export interface SeriesPlace {
  readonly number: number
  readonly of: number
  readonly seconds: number
}

export interface RunLabsOptions extends RunLabOptions {
  /** Called before each lab. */
  readonly onStart?: (lab: Lab, place: SeriesPlace) => void
  /** Called after each lab. */
  readonly onResult?: (result: LabResult) => void
}

/**
 * Runs those of `labs` that this host can run.
 * @throws as `runLab`, at the first lab that could not be run
 */
export async function runLabs(labs: readonly Lab[], options: RunLabsOptions): Promise<LabReport> {
  const began = performance.now()
  const permissions = {
    allowHostChanges: options.allowHostChanges ?? false,
    pcap: options.pcap !== undefined
  }
  const results: LabResult[] = []
  const skipped: LabReport['skipped'] = []
  const seconds = labs.reduce((sum, lab) => sum + lab.seconds, 0)
  for (const [index, lab] of labs.entries()) {
    const parameters = { ...seriesNumbersOf(lab), ...options.parameters }
    const reasons = unmetNeeds(lab, permissions, resolveParameters(lab, parameters, options.ipv6 ?? false))
    if (reasons.length > 0) {
      skipped.push({ name: lab.name, reasons })
      continue
    }
    options.onStart?.(lab, { number: index + 1, of: labs.length, seconds })
    const result = await runLab(lab, { ...options, parameters })
    results.push(result)
    options.onResult?.(result)
  }
  return {
    schema: 'c1m-native/lab-report@1',
    version,
    ok: results.length > 0 && results.every(({ ok }) => ok),
    labs: results,
    skipped,
    totalSeconds: Number(((performance.now() - began) / 1000).toFixed(1))
  }
}
