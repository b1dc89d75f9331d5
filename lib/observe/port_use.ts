/** Destinations to which this network namespace has as many connections as it has ephemeral ports. */
import { native } from '../engine/native.js'
import type { Counters } from '../host/counter_files.js'
import { counterValue } from '../host/counters.js'
import type { PortFacts } from '../host/ports.js'
import { formatEndpoint } from '../net/address.js'
import { addressOf } from '../net/address_bytes.js'

/** The ports from one address to one destination. */
export interface PortUse {
  /** The address here, and the destination, `address:port`. */
  source: string
  destination: string
  /** Ephemeral ports that its connections hold: in TIME_WAIT, and otherwise. */
  timeWaits: number
  others: number
  /** Connections whose port is none of these: then their program chooses ports itself. */
  outside: number
  /** Ephemeral ports that there are: `ip_local_port_range` without the reserved ones. */
  available: number
}

/** Share of the ports from which on a destination is told of; other sockets may hold a few. */
const fullShare = 0.99

/** Looking may take this share of the time. */
const share = 0.02

/** Ports the kernel chooses from; null where that is unknown. */
export function ephemeralPorts({ localRange, reserved }: PortFacts): number | null {
  if (localRange === null) return null
  const [first, last] = localRange
  const kept = (reserved ?? []).reduce(
    (sum, [from, to]) => sum + Math.max(0, Math.min(to, last) - Math.max(from, first) + 1),
    0
  )
  return last - first + 1 - kept
}

/** Looks at the ports now and then, while the namespace has sockets enough for it to matter. */
export class PortObserver {
  /** What the latest look found. */
  full: readonly PortUse[] = []
  #nextMs = 0
  #looking: Promise<void> | undefined

  /** Begins a look when one is due. Never rejects: without sock_diag nothing is found. */
  look(ports: PortFacts, counters: Counters): void {
    const available = ephemeralPorts(ports)
    if (ports.localRange === null || available === null || available < 1) return
    const least = Math.max(1, Math.ceil(available * fullShare))
    if (this.#looking || performance.now() < this.#nextMs) return
    // So few sockets cannot hold all ports to any destination. Those of IPv6 are counted apart.
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
