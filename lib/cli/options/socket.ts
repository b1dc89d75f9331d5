/** Socket options as the command lines of dial, plan and listen see them. Pure data. */
import type { SocketOptions } from '../../scenario/socket_options.js'
import type { OptionSpec } from '../parse_options.js'

export const socketOptions = {
  keepaliveMs: {
    name: 'keepalive',
    type: 'duration',
    value: 'D',
    default: 'no probes',
    text: 'idle time before the kernel probes a connection, and time between probes; whole seconds'
  },
  rcvbufBytes: {
    name: 'rcvbuf',
    type: 'size',
    value: 'SIZE',
    default: 'tuned by the kernel',
    text: 'receive buffer of each socket; the kernel doubles it, up to twice net.core.rmem_max'
  },
  sndbufBytes: {
    name: 'sndbuf',
    type: 'size',
    value: 'SIZE',
    default: 'tuned by the kernel',
    text: 'send buffer of each socket; the kernel doubles it, up to twice net.core.wmem_max'
  },
  tos: {
    name: 'tos',
    type: 'bits',
    value: 'N',
    default: '0',
    text: 'type of service of each packet, 0 to 0xff: DSCP in the upper six bits'
  },
  mark: {
    name: 'mark',
    type: 'bits',
    value: 'N',
    default: '0',
    text: 'mark of each packet for routing rules and filters, up to 0xffffffff; needs CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17'
  },
  device: {
    name: 'device',
    type: 'text',
    value: 'NAME',
    default: 'as the routes say',
    text: 'device that every packet leaves and arrives by'
  }
} as const satisfies Record<keyof SocketOptions, OptionSpec>
