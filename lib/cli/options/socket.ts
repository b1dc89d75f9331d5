/** Socket options as the command lines of dial, plan and listen see them. Pure data. */
import type { SocketOptions } from '../../scenario/socket_options.js'
import type { OptionSpec } from '../parse_options.js'

export const socketOptions = {} as const satisfies Record<keyof SocketOptions, OptionSpec>
