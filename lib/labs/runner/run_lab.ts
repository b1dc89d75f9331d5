/** Runs a lab from its needs to its verdict. */
import { C1mError } from '../../base/errors.js'
import { version } from '../../base/version.js'
import { readHostFacts } from '../../host/facts.js'
import { thisProcess } from '../../host/process_identity.js'
import { resultHost } from '../../host/result_host.js'
import { clean } from '../stage/clean.js'
import { type Spawn, spawnCommand } from '../stage/command.js'
import { HostSysctls } from '../stage/host_sysctls.js'
import { Stage } from '../stage/stage.js'
import type { Lab, LabResult, ParameterName } from '../verdict/lab.js'
import { judge } from '../verdict/verdict.js'
import { resolveParameters } from './parameters.js'
import { refuseUnmetNeeds } from './requirements.js'

export interface RunLabOptions {
  /** How to start c1m-native, e.g. `[process.execPath, 'dist/cli/bin.cjs']`. */
  readonly program: readonly string[]
  /** Instead of the lab's own numbers. */
  readonly parameters?: Readonly<Partial<Record<ParameterName, number>>>
  readonly ipv6?: boolean
  /** Allows labs that change sysctls of the whole host for seconds. Default false. */
  readonly allowHostChanges?: boolean
  /** Where to write the packets of the incident, as the server saw them. */
  readonly pcap?: string
  /** Told what goes on, a few words at a time. */
  readonly progress?: (text: string) => void
  readonly signal: AbortSignal
  readonly spawn?: Spawn
}

/** A lab that takes so many times as long as it should will not end. */
const patience = 10

/**
 * Runs one lab and takes everything back, however it ends.
 * @throws C1mError C1M_OPTION_INVALID, C1M_LAB_UNAVAILABLE before anything is changed, C1M_LAB_FAILED; the signal's reason
 */
export async function runLab(lab: Lab, options: RunLabOptions): Promise<LabResult> {
  const { program, ipv6 = false, allowHostChanges = false, spawn = spawnCommand } = options
  const deadline = AbortSignal.timeout(lab.seconds * patience * 1000)
  const signal = AbortSignal.any([options.signal, deadline])
  signal.throwIfAborted()
  const parameters = resolveParameters(lab, options.parameters ?? {}, ipv6)
  refuseUnmetNeeds(lab, { allowHostChanges, pcap: options.pcap !== undefined }, parameters)
  // What a killed run has left would be in the way, and its owner expects it gone.
  for (const name of clean(spawn).gone)
    options.progress?.(`${name}, which a killed lab had changed, is gone with its module`)
  const began = performance.now()
  const startedAt = new Date().toISOString()
  const owner = thisProcess()
  await using stage = new Stage({
    owner,
    program,
    spawn,
    host: new HostSysctls(owner),
    hostSysctls: lab.hostSysctls,
    pcap: options.pcap ?? null,
    progress: (text) => options.progress?.(`${lab.name}: ${text}`),
    signal
  })
  try {
    const { acts, figures = [], failures: others = [] } = await lab.perform(stage, parameters)
    const failures = [...judge(lab, acts), ...others]
    return {
      schema: 'c1m-native/lab-result@1',
      version,
      startedAt,
      name: lab.name,
      summary: lab.summary,
      host: resultHost(readHostFacts()),
      parameters,
      expected: lab.expected,
      ok: failures.length === 0,
      failures,
      acts,
      figures,
      totalSeconds: Number(((performance.now() - began) / 1000).toFixed(1))
    }
  } catch (error) {
    // Processes killed on the way out complain, too; why they were is what counts.
    if (options.signal.aborted) throw options.signal.reason
    throw deadline.aborted ? tooLong(lab) : error
  }
}

function tooLong({ name, seconds }: Lab): C1mError {
  return new C1mError('C1M_LAB_FAILED', `${name} did not end within ${seconds * patience} s`, {
    hint: 'Is the host overloaded? Everything is taken back.'
  })
}
