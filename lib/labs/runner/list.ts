/** What labs there are, what each needs, and whether that is here. */
import type { Lab } from '../verdict/lab.js'
import { resolveParameters } from './parameters.js'
import { unmetNeeds } from './requirements.js'

/** An entry of {@link LabList}. */
export interface ListedLab {
  name: string
  summary: string
  expected: string | null
  /** How long it takes, about. */
  seconds: number
  tools: readonly string[]
  hostSysctls: readonly string[]
  parameters: Readonly<Record<string, number>>
  /** What it lacks here, a sentence each. */
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
      parameters: { ...lab.defaults },
      unmet: unmetNeeds(lab, { allowHostChanges, pcap: false }, resolveParameters(lab, {}, false))
    }))
  }
}
