/** Finds the network device that a dial needs but that carries no traffic. */
import { type Device, listDevices, routeDevice } from '../engine/devices.js'
import { type AddressRange, isUnspecified, within } from '../net/address.js'
import type { DialScenario } from '../scenario/scenario.js'

export interface DownDevice {
  name: string
  /** `down`: the device was not set up. `no carrier`: it is up, but its cable or the other end of its pair is not. */
  state: 'down' | 'no carrier'
  /** A network of the device, the one that contains the target if there is one: `198.18.1.1/24`. */
  network: string
  target: string
  /** Whether every connection of the dial needs such a device: all its targets, from each of its sources. */
  isOnlyWay: boolean
}

/** Most ways (a target and a source) to check: each takes a query to the kernel. */
const mostWays = 64

/**
 * Finds the first device without a carrier by which connections to one of the targets would leave. Without a carrier the
 * routes remain, and the kernel names the device they lead to. A device that is set down loses its routes; it is reported
 * if its own network contains the target and no other route leads there. A host may have many devices that are down. Any
 * other one has nothing to do with the dial, even if it has the source address. Sends nothing.
 * @param sources addresses that the dial leaves from; none: the route chooses
 * @param onRefused receives the error if the kernel cannot be queried
 * @returns null also if the kernel cannot be queried
 */
export function downDevice(
  dial: Pick<DialScenario, 'selfDial' | 'targets'>,
  sources: readonly AddressRange[],
  onRefused: (error: unknown) => void = () => {}
): DownDevice | null {
  let devices: Device[]
  try {
    devices = listDevices()
  } catch (error) {
    onRefused(error)
    return null
  }
  try {
    if (devices.every(({ carrier }) => carrier)) return null
    const found = waysOf(dial, sources).map(([target, source]) => onTheWay(devices, target, source))
    const first = found.find((device) => device !== null)
    return first ? { ...first, isOnlyWay: found.every((device) => device !== null) } : null
  } catch {
    // A route prohibits this destination.
    return null
  }
}

type Way = [target: string, source: string | undefined]

function waysOf(
  { selfDial, targets }: Pick<DialScenario, 'selfDial' | 'targets'>,
  sources: readonly AddressRange[]
): Way[] {
  const to = selfDial ? ['127.0.0.1'] : [...new Set(targets.map(({ address }) => address))]
  const named = sources.map(({ first }) => first).filter((address) => !isUnspecified(address))
  const from = named.length === 0 ? [undefined] : named
  return to.flatMap((target) => from.map((source): Way => [target, source])).slice(0, mostWays)
}

function onTheWay(
  devices: readonly Device[],
  target: string,
  source?: string
): Omit<DownDevice, 'isOnlyWay'> | null {
  const routed = routeDevice(target, source)
  const down = devices.filter(({ name, carrier }) => !carrier && (routed === null || name === routed))
  for (const device of down) {
    const networks = networksOf(device)
    const network = networks.find((one) => within(one)(target)) ?? (routed === null ? undefined : networks[0])
    if (network !== undefined)
      return { name: device.name, state: device.up ? 'no carrier' : 'down', network, target }
  }
  return null
}

/** Loopback always has its networks, but the kernel assigns the addresses only when the device is set up. */
function networksOf({ name, addresses }: Device): string[] {
  return name === 'lo' ? ['127.0.0.0/8', '::1/128', ...addresses] : addresses
}
