/** The network device that a dial needs, where that carries nothing. */
import { type Device, listDevices, routeDevice } from '../engine/devices.js'
import { type AddressRange, isUnspecified, within } from '../net/address.js'
import type { DialScenario } from '../scenario/scenario.js'

export interface DownDevice {
  name: string
  /** `down`: nobody has set it up. `no carrier`: it is up, and its cable or the other end of its pair is not. */
  state: 'down' | 'no carrier'
  /** What the device has to do with the dial: the network of its own that the target is in, `198.18.1.1/24`. */
  network: string
  target: string
  /** Whether no connection of the dial has another way: all its targets, from each of its sources, are like that. */
  isOnlyWay: boolean
}

/** Ways that are asked for: each is a question to the kernel. */
const mostWays = 64

/**
 * The first device that carries nothing although connections to one of the targets would leave by it. Without carrier
 * the routes stay, and the kernel says which device they lead to. A device that is set down loses its routes; then it is
 * one whose own network has the target, and no other way leads there. A host has many devices that are down: one that is
 * neither is none of the dial's, even if it has the source address. Sends nothing.
 * @param sources those that the dial leaves from; none: whichever the route chooses
 * @param onRefused told why the kernel cannot be asked
 * @returns null also where the kernel cannot be asked
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
    // A route forbids the way.
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

/** Loopback has its network by nature: the kernel gives it the address only when it is set up. */
function networksOf({ name, addresses }: Device): string[] {
  return name === 'lo' ? ['127.0.0.0/8', '::1/128', ...addresses] : addresses
}
