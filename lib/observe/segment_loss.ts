/** Segments lost on established connections, from the counters and from TCP_INFO. */
import { columnsOf } from '../engine/census.js'
import type { Engine } from '../engine/engine.js'
import { type CounterChanges, movedBy } from '../host/counters.js'
import { laterRetransmits } from './census_summary.js'

/** Segments sent, including retransmissions, and retransmissions. */
export interface SegmentLoss {
  sent: number
  again: number
}

/** Number of connections of a run to read, to tell its own loss from that of the namespace. */
const sampleSize = 10_000

/** Loss of all processes in this network namespace, without SYNs and without segments the peer reports as duplicates. */
export function namespaceLoss(changes: CounterChanges): SegmentLoss {
  const again = movedBy(changes, 'Tcp.RetransSegs')
  const spurious = movedBy(changes, 'TcpExt.TCPSynRetrans') + movedBy(changes, 'TcpExt.TCPDSACKRecv')
  // Tcp.OutSegs does not include retransmissions.
  return { sent: movedBy(changes, 'Tcp.OutSegs') + again, again: Math.max(0, again - spurious) }
}

/** Loss of the run's own connections, or of some thousand of them; null once the run is over. */
export async function ownLoss(engine: Engine): Promise<SegmentLoss | null> {
  const stride = Math.max(1, Math.floor(engine.counters().dialedOpen / sampleSize))
  const taken = await engine.census({ capacity: 4 * sampleSize, stride, offset: 0 })
  if (taken === null) return null
  const columns = columnsOf(taken)
  const { segments } = laterRetransmits(columns)
  return { sent: columns.segsOut.reduce((sum, segments) => sum + segments, 0), again: segments }
}

/** Whether the loss is worth reporting: at least 1 % of all segments, and more than chance. */
export function isNotable({ sent, again }: SegmentLoss): boolean {
  return again >= 10 && again >= sent / 100
}
