/** Link-local targets, which are of use only together with a device: `[fe80::1%eth0]:80`. */
import { C1mError, type Wording } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { formatEndpoint, isLinkLocal, zoneOf } from './address.js'
import { networkDevices } from './local_addresses.js'
import { formatPorts, formatTarget, type Target } from './target.js'

/**
 * The device of link-local targets, to which every socket of their run is bound: that of their zones, or else `device`.
 * @throws C1mError C1M_TARGET_INVALID where there is none, or not one for all
 */
export function deviceOfLinkLocal(targets: readonly Target[], device: string | undefined): string {
  const linkLocal = targets.filter(({ address }) => isLinkLocal(address))
  for (const target of linkLocal) {
    if (zoneOf(target.host) !== undefined || device !== undefined) continue
    const written = formatEndpoint(`${target.address}%eth0`, formatPorts(target))
    throw invalid(
      `${named(target)} is link-local, and its device is missing`,
      (option) => `Write ${written}, with the device that leads there, or name that with ${option('device')}.`
    )
  }
  const [zone = device ?? '', ...others] = new Set(linkLocal.map(({ host }) => zoneOf(host) ?? device))
  if (others.length > 0)
    throw invalid(
      `targets name the devices ${quote(zone)} and ${quote(others[0] ?? '')}, and a run uses one`,
      'Use a run for each device.'
    )
  if (device !== undefined && device !== zone)
    throw invalid(
      (option) => `targets name the device ${quote(zone)}, and ${option('device')} is ${quote(device)}`,
      (option) => `Leave out ${option('device')}.`
    )
  const other = targets.find(({ address }) => !isLinkLocal(address))
  if (other && device === undefined)
    throw invalid(
      `${named(other)} is not link-local, and a run with link-local targets uses their device, ${quote(zone)}, alone`,
      'Use a run for each.'
    )
  return zone
}

/**
 * Refuses a zone that is no device of this network namespace.
 * @throws C1mError C1M_TARGET_INVALID
 */
export function checkZones(targets: readonly Target[]): void {
  const zoned = targets.filter(({ host }) => zoneOf(host) !== undefined)
  const devices = zoned.length === 0 ? null : networkDevices()
  const lost = zoned.find(({ host }) => devices?.includes(zoneOf(host) ?? '') === false)
  if (!lost || !devices) return
  throw invalid(
    `${named(lost)} names the device ${quote(zoneOf(lost.host) ?? '')}, and this host has no such device`,
    `Its devices are ${devices.join(', ')}.`
  )
}

function named(target: Target): string {
  return `target ${quote(formatTarget(target))}`
}

function invalid(message: Wording, hint: Wording): C1mError {
  return new C1mError('C1M_TARGET_INVALID', message, { hint })
}
