/** Where packets from the source addresses of a dial leave, as the kernel will choose; nothing is sent. */
import { type Device, findRoute, listDevices } from '../engine/devices.js'
import { type AddressRange, addressesWithin, isLoopback, within } from '../net/address.js'
import type { Target } from '../net/target.js'
import type { DialScenario } from '../scenario/scenario.js'

/** Packets that leave by another device than the one that has their source address. */
export interface AsymmetricRoute {
  source: string
  /** The one device that has it. */
  owner: string
  target: string
  /** Where the packets leave. */
  device: string
  /** The command that shows it. */
  lookup: string
}

export interface SourceRoutes {
  /** Targets to which no route leads, or `TARGET from SOURCE` where none leads from that one. */
  unrouted: string[]
  asymmetric: AsymmetricRoute | null
}

/** Addresses of each device that are tried, and questions to the kernel; of more, some evenly spaced. */
const mostOfDevice = 8
const mostAsked = 256

/**
 * Asks for the routes from those source addresses that this host has.
 * @returns null where the kernel cannot be asked
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

/** What never leaves this host needs no route of its own. */
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
 * The device that has the source address, where a receiver takes packets from that address that leave by `name` for forged.
 * Not an address of loopback, of a dummy or a tunnel, or of several devices: such are meant for any way. Nor one that
 * belongs to the network beyond `name` as well, nor what stays on this host.
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

/** `198.18.1.1/24` without the length of its prefix. */
function bare(address: string): string {
  return address.replace(/\/.*/, '')
}
