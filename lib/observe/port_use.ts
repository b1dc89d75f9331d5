/** Finds destinations to which this network namespace has as many connections as it has ephemeral ports. */
import { native } from '../engine/native.js'
import type { Counters } from '../host/counter_files.js'
import { counterValue } from '../host/counters.js'
import type { PortFacts } from '../host/ports.js'
import { formatEndpoint } from '../net/address.js'
import { addressOf } from '../net/address_bytes.js'

/** Ports in use from one source address to one destination. */
export interface PortUse {
  /** The source address, and the destination as `address:port`. */
  source: string
  destination: string
  /** Ephemeral ports that its connections occupy: in TIME_WAIT, and in other states. */
  timeWaits: number
  others: number
  /** Connections from ports outside the ephemeral range: their program chooses ports itself. */
  outside: number
  /** Number of ephemeral ports: `ip_local_port_range` without the reserved ones. */
  available: number
}

/** Share of occupied ports from which a destination is reported; other sockets may occupy a few. */
const fullShare = 0.99

/** Largest share of time to spend on looks. */
const share = 0.02

/** Number of ports the kernel chooses from; null if unknown. */
export function ephemeralPorts({ localRange, reserved }: PortFacts): number | null {
  if (localRange === null) return null
  const [first, last] = localRange
  const kept = (reserved ?? []).reduce(
    (sum, [from, to]) => sum + Math.max(0, Math.min(to, last) - Math.max(from, first) + 1),
    0
  )
  return last - first + 1 - kept
}

/** Looks at the ports from time to time, while the namespace has enough sockets to occupy them all. */
export class PortObserver {
  /** Result of the latest look. */
  full: readonly PortUse[] = []
  #nextMs = 0
  #looking: Promise<void> | undefined

  /** Begins a look if one is due. Never throws: without sock_diag it finds nothing. */
  look(ports: PortFacts, counters: Counters): void {
    const available = ephemeralPorts(ports)
    if (ports.localRange === null || available === null || available < 1) return
    const least = Math.max(1, Math.ceil(available * fullShare))
    if (this.#looking || performance.now() < this.#nextMs) return
    // Fewer sockets than ports cannot occupy all ports to any destination. The kernel counts IPv6 sockets separately.
    if (socketsIn(counters) < least) {
      this.full = []
      return
    }
    const [firstPort, lastPort] = ports.localRange
    const beganMs = performance.now()
    this.#looking = native()
      .findPortUse({ firstPort, lastPort, least })
      .then(
        (found) => {
          this.full = found.map(({ localAddress, remoteAddress, remotePort, ...counts }) => ({
            source: addressOf(localAddress),
            destination: formatEndpoint(addressOf(remoteAddress), remotePort),
            ...counts,
            available
          }))
        },
        () => {}
      )
      .then(() => {
        this.#nextMs = performance.now() + (performance.now() - beganMs) / share
        this.#looking = undefined
      })
  }

  /** Resolves when no look is under way. */
  async settled(): Promise<void> {
    await this.#looking
  }
}

function socketsIn(counters: Counters): number {
  const names = ['Sockstat.TCP.inuse', 'Sockstat.TCP6.inuse', 'Sockstat.TCP.tw'] as const
  return names.reduce((sum, name) => sum + (counterValue(counters, name) ?? 0), 0)
}
