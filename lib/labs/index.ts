/** The labs there are. */
import { acceptQueue } from './accept_queue.js'
import { conntrackChains } from './conntrack_chains.js'
import { conntrackFull } from './conntrack_full.js'
import { descriptorLimit } from './descriptor_limit.js'
import type { Lab } from './lab.js'
import { million } from './million.js'
import { natAffinity } from './nat_affinity.js'
import { natCapacity } from './nat_capacity.js'
import { natPaws } from './nat_paws.js'
import { portExhaustion } from './port_exhaustion.js'
import { synLoss } from './syn_loss.js'
import { synQueue } from './syn_queue.js'

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
