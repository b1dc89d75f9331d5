/** What a result says of the peers of its connections, for a person. */
import { formatNumber } from '../base/units.js'
import type { RunResult } from '../result/result.js'

/** What told, as the end of "so many of so many ...". */
const told = {
  probe: 'probed answered',
  keepalive: 'answered keepalive probes to the end',
  heartbeat: 'answered heartbeats to the end',
  exchange: 'answered when they were opened; nothing was proven since',
  listener: 'known to the listener'
}

/** One line; nothing of a run that holds no connections, or of an earlier version. */
export function aliveLines({ alive, connections }: Pick<RunResult, 'alive' | 'connections'>): string[] {
  if (!alive || connections.established === 0) return []
  if (alive.by === 'none' && alive.disproved === 0)
    return ['nothing was proven about them: hold them for 2s or longer, or use --keepalive']
  const { by, probed, proven, disproved } = alive
  const undecided = Math.max(0, probed - proven - disproved)
  const parts = [
    by === 'none' ? '' : `${formatNumber(proven)} of ${formatNumber(probed)} ${told[by]}`,
    disproved > 0 ? `${formatNumber(disproved)} are dead, or unknown to their peer` : '',
    by !== 'none' && undecided > 0 ? `${formatNumber(undecided)} could not be told` : ''
  ]
  return [parts.filter((part) => part !== '').join(', ')]
}
