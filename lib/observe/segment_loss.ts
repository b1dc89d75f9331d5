/** How many segments were lost on established connections, as the counters and TCP_INFO tell. */
import { columnsOf } from '../engine/census.js'
import type { Engine } from '../engine/engine.js'
import { type CounterChanges, movedBy } from '../host/counters.js'
import { laterRetransmits } from './census_summary.js'

/** Segments sent, those sent again included, and those sent again. */
export interface SegmentLoss {
  sent: number
  again: number
}

/** Connections of a run that are read to tell its own loss from that of the namespace. */
const sampleSize = 10_000

/** Segments of all processes in this network namespace: without SYNs, and without those the peer reports as duplicates. */
export function namespaceLoss(changes: CounterChanges): SegmentLoss {
  const again = movedBy(changes, 'Tcp.RetransSegs')
  const spurious = movedBy(changes, 'TcpExt.TCPSynRetrans') + movedBy(changes, 'TcpExt.TCPDSACKRecv')
  // OutSegs counts no segment that is sent again.
  return { sent: movedBy(changes, 'Tcp.OutSegs') + again, again: Math.max(0, again - spurious) }
}

/** Of the run's own connections, or of some thousand of them; null when the run is over. */
export async function ownLoss(engine: Engine): Promise<SegmentLoss | null> {
  const stride = Math.max(1, Math.floor(engine.counters().dialedOpen / sampleSize))
  const taken = await engine.census({ capacity: 4 * sampleSize, stride, offset: 0 })
  if (taken === null) return null
  const columns = columnsOf(taken)
  const { segments } = laterRetransmits(columns)
  return { sent: columns.segsOut.reduce((sum, segments) => sum + segments, 0), again: segments }
}

/** Whether it is worth a word: a hundredth of all, and more than chance. */
export function isNotable({ sent, again }: SegmentLoss): boolean {
  return again >= 10 && again >= sent / 100
}
