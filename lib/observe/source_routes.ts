/** Finds the devices by which packets from the source addresses of a dial would leave. Sends nothing. */
import { type Device, findRoute, listDevices } from '../engine/devices.js'
import { type AddressRange, addressesWithin, isLoopback, within } from '../net/address.js'
import type { Target } from '../net/target.js'
import type { DialScenario } from '../scenario/scenario.js'

/** Packets that leave by another device than the one that has their source address. */
export interface AsymmetricRoute {
  source: string
  /** The only device that has the source address. */
  owner: string
  target: string
  /** The device by which the packets leave. */
  device: string
  /** The command that shows the route. */
  lookup: string
}

export interface SourceRoutes {
  /** Targets without a route, or `TARGET from SOURCE` if only that source has none. */
  unrouted: string[]
  asymmetric: AsymmetricRoute | null
}

/** Most addresses per device to try, and most queries to the kernel; of more, an evenly spaced selection. */
const mostOfDevice = 8
const mostAsked = 256

/**
 * Asks the kernel for the routes from the source addresses that this host has.
 * @returns null if the kernel cannot be queried
 */
export function sourceRoutes(
  dial: Pick<DialScenario, 'targets' | 'socketOptions'>,
  sources: readonly AddressRange[]
): SourceRoutes | null {
  const targets = distinct(dial.targets)
  if (targets.length === 0) return { unrouted: [], asymmetric: null }
  try {
    const devices = listDevices()
    const own = ownSources(devices, sources)
    const ways = own.flatMap((source) => targets.map((target) => ({ source, target })))
    const asked = spaced(ways, mostAsked).map((way) => ({ ...way, ...wayOf(way, dial, devices) }))
    return {
      unrouted: targets.flatMap((target) =>
        unrouted(
          asked.filter((way) => way.target === target),
          dial
        )
      ),
      asymmetric: asked.find(({ asymmetric }) => asymmetric !== null)?.asymmetric ?? null
    }
  } catch {
    // Netlink is refused, or there is no addon for this host.
    return null
  }
}

interface Way {
  source: string
  target: Target
}

/** One target per address, without loopback, which needs no route. */
function distinct(targets: readonly Target[]): Target[] {
  const byAddress = new Map(targets.map((target) => [target.address, target]))
  return [...byAddress.values()].filter(({ address }) => !isLoopback(address))
}

function ownSources(devices: readonly Device[], sources: readonly AddressRange[]): string[] {
  const isSource = addressesWithin(sources)
  const own = devices.flatMap(({ addresses }) => spaced(addresses.map(bare).filter(isSource), mostOfDevice))
  return [...new Set(own)].filter((address) => !isLoopback(address))
}

type Asker = Pick<DialScenario, 'socketOptions'>

function wayOf(
  { source, target }: Way,
  dial: Asker,
  devices: readonly Device[]
): { error: string | null; asymmetric: AsymmetricRoute | null } {
  const route = ask(dial, target, source)
  if ('error' in route) return { error: route.error, asymmetric: null }
  const owner = strayedFrom(source, route.device, devices)
  if (owner === null) return { error: null, asymmetric: null }
  const { mark, device } = dial.socketOptions
  const lookup = [
    `ip route get ${target.address} from ${source}`,
    ...(mark === null ? [] : [`mark ${mark}`]),
    ...(device === null ? [] : [`oif ${device}`])
  ].join(' ')
  return { error: null, asymmetric: { source, owner, target: target.address, device: route.device, lookup } }
}

function ask({ socketOptions: { mark, device } }: Asker, { address, firstPort }: Target, source?: string) {
  return findRoute({
    target: address,
    port: firstPort,
    mark,
    device,
    ...(source !== undefined && { source })
  })
}

/**
 * The device that has the source address, if a receiver would treat packets from that address that leave by `name` as
 * forged. null for addresses of loopback, dummy or tunnel devices and addresses on several devices, which are meant for
 * any route; for addresses that also belong to the network behind `name`; and for packets that stay on this host.
 */
function strayedFrom(source: string, name: string, devices: readonly Device[]): string | null {
  const [owner, ...others] = devices.filter(({ addresses }) => addresses.some((one) => bare(one) === source))
  if (!owner?.neighbours || others.length > 0 || owner.name === name || name === 'lo') return null
  const networks = devices.find((device) => device.name === name)?.addresses ?? []
  return within(...networks)(source) ? null : owner.name
}

function unrouted(ways: readonly (Way & { error: string | null })[], dial: Asker): string[] {
  const failed = ways.find(({ error }) => error !== null)
  if (!failed) return []
  const { target, source } = failed
  const always = ways.every(({ error }) => error !== null) && 'error' in ask(dial, target)
  return [always ? target.address : `${target.address} from ${source}`]
}

function spaced<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] as T)
}

/** Strips the prefix length: `198.18.1.1/24` becomes `198.18.1.1`. */
function bare(address: string): string {
  return address.replace(/\/.*/, '')
}
