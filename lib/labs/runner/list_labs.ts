/** Lists labs: what each shows, what it needs, and what this host lacks for it. */
import type { Lab } from './lab_definition.js'
import { defaultsOf, resolveParameters } from './lab_parameters.js'
import { unmetNeeds } from './requirements.js'

/** An entry of {@link LabList}. */
interface ListedLab {
  name: string
  summary: string
  expected: string | null
  /** About how long it takes. */
  seconds: number
  tools: readonly string[]
  hostSysctls: readonly string[]
  parameters: Readonly<Record<string, number>>
  /** What this host lacks for it, a sentence each. */
  unmet: string[]
}

export interface LabList {
  schema: 'c1m-native/lab-list@1'
  labs: ListedLab[]
}

export function listLabs(labs: readonly Lab[], { allowHostChanges }: { allowHostChanges: boolean }): LabList {
  return {
    schema: 'c1m-native/lab-list@1',
    labs: labs.map((lab) => ({
      name: lab.name,
      summary: lab.summary,
      expected: lab.expected,
      seconds: lab.seconds,
      tools: lab.tools,
      hostSysctls: lab.hostSysctls,
      parameters: defaultsOf(lab),
      unmet: unmetNeeds(lab, { allowHostChanges, pcap: false }, resolveParameters(lab, {}, false))
    }))
  }
}
