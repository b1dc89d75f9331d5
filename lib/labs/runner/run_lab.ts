/** Runs a lab: checks what it needs, runs its steps, judges them, cleans up. */
import { C1mError } from '../../base/errors.js'
import { version } from '../../base/version.js'
import { readHostFacts } from '../../host/facts.js'
import { thisProcess } from '../../host/process_identity.js'
import { resultHost } from '../../host/result_host.js'
import { clean } from '../sandbox/clean.js'
import { type Spawn, spawnCommand } from '../sandbox/external_command.js'
import { HostSysctls } from '../sandbox/host_sysctls.js'
import { Sandbox } from '../sandbox/sandbox.js'
import type { LabResult } from '../verdict/lab_result.js'
import { judge } from '../verdict/verdict.js'
import type { Lab } from './lab_definition.js'
import { type GivenParameters, resolveParameters } from './lab_parameters.js'
import { refuseUnmetNeeds } from './requirements.js'

export interface RunLabOptions {
  /** How to start c1m-native, e.g. `[process.execPath, 'dist/cli/bin.cjs']`. */
  readonly program: readonly string[]
  /** Instead of the lab's own numbers. */
  readonly parameters?: GivenParameters
  readonly ipv6?: boolean
  /** Allows labs that change sysctls of the whole host for seconds. Default false. */
  readonly allowHostChanges?: boolean
  /** A file for the packets of the incident, as the server sees them. */
  readonly pcap?: string
  /** Called with a few words when a step begins. */
  readonly progress?: (text: string) => void
  readonly signal: AbortSignal
  readonly spawn?: Spawn
}

/** A lab that takes this many times its usual duration is stopped. */
const patience = 10

/**
 * Runs one lab and cleans up, however it ends.
 * @throws C1mError C1M_OPTION_INVALID, C1M_LAB_UNAVAILABLE before anything is changed, C1M_LAB_FAILED; the signal's reason
 */
export async function runLab(lab: Lab, options: RunLabOptions): Promise<LabResult> {
  const { program, ipv6 = false, allowHostChanges = false, spawn = spawnCommand } = options
  const deadline = AbortSignal.timeout(lab.seconds * patience * 1000)
  const signal = AbortSignal.any([options.signal, deadline])
  signal.throwIfAborted()
  const parameters = resolveParameters(lab, options.parameters ?? {}, ipv6)
  refuseUnmetNeeds(lab, { allowHostChanges, pcap: options.pcap !== undefined }, parameters)
  // The next run cleans up after a killed one, as docs/labs.md promises.
  for (const name of clean(spawn).gone)
    options.progress?.(`${name}, which a killed lab had changed, is gone with its module`)
  const began = performance.now()
  const startedAt = new Date().toISOString()
  const owner = thisProcess()
  await using sandbox = new Sandbox({
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
    const { steps, figures = [], failures: others = [] } = await lab.run(sandbox, parameters)
    const failures = [...judge(lab.expected, steps), ...others]
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
      acts: steps,
      figures,
      totalSeconds: Number(((performance.now() - began) / 1000).toFixed(1))
    }
  } catch (error) {
    // When the lab is stopped, its processes are killed and report errors; the reason of the stop matters more.
    if (options.signal.aborted) throw options.signal.reason
    throw deadline.aborted ? tooLong(lab) : error
  }
}

function tooLong({ name, seconds }: Lab): C1mError {
  return new C1mError('C1M_LAB_FAILED', `${name} did not end within ${seconds * patience} s`, {
    hint: 'Is the host overloaded? The lab has cleaned up.'
  })
}
