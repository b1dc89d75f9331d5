/** Socket options that a caller chooses for every connection: what each may be, and how it is set. */

import { type Check, text, whole, wholeSeconds } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import type { NativeSocketOption } from '../engine/native_run.js'
import { networkDevices } from '../net/local_addresses.js'

/** Options of every socket, as setsockopt(2) sets them; in a self-dial at both ends. null leaves one to the kernel. */
export interface ChosenSocketOptions {
  /**
   * Idle time after which the kernel probes a connection, and time between probes (SO_KEEPALIVE, TCP_KEEPIDLE,
   * TCP_KEEPINTVL in tcp(7)). Milliseconds, whole seconds from 1,000 to 32,767,000. null: no probes.
   */
  keepaliveMs: number | null
  /**
   * Receive buffer of each socket (SO_RCVBUF, socket(7)): the kernel doubles it, limits it to `net.core.rmem_max`, and
   * tunes it no more. Bytes. null: tuned by the kernel (`net.ipv4.tcp_rmem`).
   */
  rcvbufBytes: number | null
  /**
   * Send buffer of each socket (SO_SNDBUF, socket(7)): the kernel doubles it, limits it to `net.core.wmem_max`, and
   * tunes it no more. Bytes. null: tuned by the kernel (`net.ipv4.tcp_wmem`).
   */
  sndbufBytes: number | null
  /**
   * Type of service in each packet: DSCP in the upper six bits (IP_TOS in ip(7), IPV6_TCLASS in ipv6(7)). The kernel
   * keeps the lower two, ECN, for itself. 0 to 255. null: 0.
   */
  tos: number | null
  /**
   * Mark of each packet, for routing rules and filters (SO_MARK, socket(7)). 0 to 4,294,967,295. Takes CAP_NET_ADMIN, or
   * CAP_NET_RAW from Linux 5.17. null: 0, which is no mark.
   */
  mark: number | null
  /**
   * Device that every packet leaves and arrives by, whatever the routes say (SO_BINDTODEVICE, socket(7)), such as `eth0`.
   * Where no source is named, its addresses are the sources of a dial. null: as the routes say.
   */
  device: string | null
}

/** The same as a caller gives them; what is left out is left to the kernel. */
export type SocketOptions = { [K in keyof ChosenSocketOptions]?: NonNullable<ChosenSocketOptions[K]> }

// Levels and names: include/uapi/asm-generic/socket.h and include/uapi/linux/{in,in6,tcp}.h, the same on x64 and arm64.
const AF_INET = 2
const AF_INET6 = 10
const IPPROTO_IP = 0
const IP_TOS = 1
const IPPROTO_IPV6 = 41
const IPV6_TCLASS = 67
const SOL_SOCKET = 1
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_KEEPALIVE = 9
const SO_BINDTODEVICE = 25
const SO_MARK = 36
const IPPROTO_TCP = 6
const TCP_KEEPIDLE = 4
const TCP_KEEPINTVL = 5

function integer(level: number, name: number, value: number): NativeSocketOption {
  return { family: 0, level, name, value: new Uint8Array(Int32Array.of(value).buffer) }
}

/** At most IFNAMSIZ - 1 bytes: include/uapi/linux/if.h. */
const deviceName: Check<string> = (name, value) => {
  const device = text(name, value)
  if (/^[^\s/]{1,15}$/.test(device)) return device
  throw new C1mError(
    'C1M_OPTION_INVALID',
    (option) => `${option(name)} is ${quote(device)}, and must be the name of a device, of 1 to 15 characters`
  )
}

/** What an option may be, and the calls that set it. */
interface Rule<T> {
  check: Check<T>
  set(value: T): NativeSocketOption[]
}

type Rules = { readonly [K in keyof ChosenSocketOptions]: Rule<NonNullable<ChosenSocketOptions[K]>> }

const rules: Rules = {
  keepaliveMs: {
    check: wholeSeconds(32_767),
    set: (ms) => [
      integer(SOL_SOCKET, SO_KEEPALIVE, 1),
      integer(IPPROTO_TCP, TCP_KEEPIDLE, ms / 1000),
      integer(IPPROTO_TCP, TCP_KEEPINTVL, ms / 1000)
    ]
  },
  rcvbufBytes: { check: whole(1), set: (bytes) => [integer(SOL_SOCKET, SO_RCVBUF, bytes)] },
  sndbufBytes: { check: whole(1), set: (bytes) => [integer(SOL_SOCKET, SO_SNDBUF, bytes)] },
  tos: {
    check: whole(0, 255),
    set: (tos) => [
      { ...integer(IPPROTO_IP, IP_TOS, tos), family: AF_INET },
      { ...integer(IPPROTO_IPV6, IPV6_TCLASS, tos), family: AF_INET6 }
    ]
  },
  mark: {
    check: whole(0, 2 ** 32 - 1),
    // An unsigned integer, with the same bits.
    set: (mark) => [integer(SOL_SOCKET, SO_MARK, mark | 0)]
  },
  device: {
    check: deviceName,
    set: (device) => [
      { family: 0, level: SOL_SOCKET, name: SO_BINDTODEVICE, value: new TextEncoder().encode(device) }
    ]
  }
}

const entries = Object.entries(rules) as [keyof SocketOptions, Rule<unknown>][]

/** What each of them may be. */
export const socketChecks = Object.fromEntries(
  entries.map(([name, { check }]) => [name, check])
) as OptionChecks<SocketOptions>

/** The socket options among `options`. */
export function chosenSocketOptions(options: SocketOptions): ChosenSocketOptions {
  return Object.fromEntries(
    entries.map(([name]) => [name, options[name] ?? null])
  ) as unknown as ChosenSocketOptions
}

/**
 * Refuses a device that this network namespace does not have.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function checkDevice({ device }: SocketOptions): void {
  if (device === undefined) return
  const devices = networkDevices()
  if (devices === null || devices.includes(device)) return
  throw new C1mError(
    'C1M_OPTION_INVALID',
    (option) => `${option('device')} is ${quote(device)}, and this host has no such device`,
    { hint: `Its devices are ${devices.join(', ')}.` }
  )
}

/** The calls that set them. */
export function nativeSocketOptions(chosen: ChosenSocketOptions): NativeSocketOption[] {
  return entries.flatMap(([name, { set }]) => (chosen[name] === null ? [] : set(chosen[name])))
}
