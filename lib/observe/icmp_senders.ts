/** Hosts that rejected handshakes by ICMP, from a sample of the failed handshakes. */
import type { NativeIcmpError } from '../engine/native_endings.js'

export interface IcmpSender extends NativeIcmpError {
  /** Whether the error came from this host, from the target, or from another host. */
  place: 'here' | 'target' | 'elsewhere'
}

/** @param own addresses of this host, canonical */
export function icmpSenders(errors: readonly NativeIcmpError[], own: readonly string[]): IcmpSender[] {
  return errors
    .map((error) => ({ ...error, place: placeOf(error, own) }))
    .toSorted((a, b) => b.count - a.count)
}

function placeOf({ from, target }: NativeIcmpError, own: readonly string[]): IcmpSender['place'] {
  if (own.includes(from)) return 'here'
  return target.startsWith(`${from}:`) || target.startsWith(`[${from}]:`) ? 'target' : 'elsewhere'
}
