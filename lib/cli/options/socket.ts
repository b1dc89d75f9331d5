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
  }
} as const satisfies Record<keyof SocketOptions, OptionSpec>
