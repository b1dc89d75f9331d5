/** The labs there are. */
import { acceptQueue } from './incidents/accept_queue.js'
import { conntrackChains } from './incidents/conntrack_chains.js'
import { conntrackFull } from './incidents/conntrack_full.js'
import { descriptorLimit } from './incidents/descriptor_limit.js'
import { million } from './incidents/million.js'
import { natAffinity } from './incidents/nat_affinity.js'
import { natCapacity } from './incidents/nat_capacity.js'
import { natPaws } from './incidents/nat_paws.js'
import { portExhaustion } from './incidents/port_exhaustion.js'
import { synLoss } from './incidents/syn_loss.js'
import { synQueue } from './incidents/syn_queue.js'
import type { Lab } from './runner/lab_definition.js'

export const labs: readonly Lab[] = [
  million,
  conntrackFull,
  conntrackChains,
  natPaws,
  natCapacity,
  natAffinity,
  acceptQueue,
  synQueue,
  synLoss,
  portExhaustion,
  descriptorLimit
]
