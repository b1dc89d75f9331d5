import type { ExplainContext, Verdict } from '../context.js'
import { fact, figure, percent } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/** Connections that must be like that: a single client may be slow. */
const least = 3

/**
 * Clients do not read what the server sends: their receive windows are closed, and it has asked for room, and sent no data,
 * for three seconds or longer.
 */
export function clientsNotReading(context: ExplainContext): Verdict | null {
  const [worst] = context.served.toSorted((a, b) => b.windowClosed - a.windowClosed)
  if (!worst || worst.windowClosed < least || !isCriticalShare(worst.windowClosed, worst.accepted))
    return null
  const { port, accepted, windowClosed } = worst
  return {
    severity: 'warning',
    side: 'client',
    title: `the clients of ${figure(windowClosed)} of ${figure(accepted)} connections at port ${port} (${percent(windowClosed / accepted)}) do not read: their windows are closed, and no data could be sent for 3 s`,
    evidence: [
      ...fact(`connections accepted at port ${port}`, accepted),
      ...fact('with a closed window', windowClosed)
    ],
    remedy: [
      command(`ss -tnoi state established '( sport = :${port} )'`),
      advice(
        'in the clients: read; in the server: close connections whose data nobody takes (TCP_USER_TIMEOUT)'
      )
    ],
    events: windowClosed
  }
}
