/** `listen` as its command line and its help see it. Pure data. */
import { closeModes, listenModes } from '../../engine/modes.js'
import { listenDefaults } from '../../scenario/defaults.js'
import type { ListenOptions } from '../../scenario/options.js'
import type { SocketOptions } from '../../scenario/socket_options.js'
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { outputOptions } from './output.js'
import { socketOptions } from './socket.js'

/** The options handed on to the library; a new one there does not compile until it has its line here. */
export const listenOptions = {
  mode: {
    name: 'mode',
    type: 'choice',
    value: listenModes.join('|'),
    choices: listenModes,
    default: listenDefaults.mode,
    text: 'what is done with a connection: read and drop, send back what was read, or close it at once'
  },
  backlog: {
    name: 'backlog',
    type: 'count',
    value: 'N',
    default: String(listenDefaults.backlog),
    text: 'connections that may wait to be accepted; the kernel caps it at net.core.somaxconn'
  },
  workers: {
    name: 'workers',
    type: 'integer',
    value: 'N',
    default: 'from the number of CPUs',
    text: 'threads that accept'
  },
  close: {
    name: 'close',
    type: 'choice',
    value: closeModes.join('|'),
    choices: closeModes,
    default: listenDefaults.close,
    text: 'how connections end: an orderly close, or a reset that leaves no TIME_WAIT'
  }
} as const satisfies Record<keyof Omit<ListenOptions, 'targets' | 'signal' | keyof SocketOptions>, OptionSpec>

export const runOptions = {
  durationMs: {
    name: 'duration',
    type: 'duration',
    value: 'D',
    default: 'until SIGINT, SIGTERM or SIGHUP',
    text: 'how long to listen'
  }
} as const satisfies Record<string, OptionSpec>

/** What goes to the library as it is. */
export const libraryOptions = { ...listenOptions, ...socketOptions } as const

export const allListenOptions = { ...libraryOptions, ...runOptions, ...outputOptions } as const

export const spec: CommandSpec = {
  usage: 'listen [options] [[ADDR:]PORT[-PORT]...]',
  text: [
    'Accepts TCP connections, holds them, and reports what it accepted when it ends.',
    'A port alone is one of 127.0.0.1; :PORT is any address, of IPv4 and IPv6. Without either it listens on 127.0.0.1, on a port the kernel chooses; so does port 0. The addresses listened on are printed to stderr; with --ndjson they are the first line on stdout.'
  ],
  sections: [
    { title: 'Options', options: { ...listenOptions, ...runOptions } },
    { title: 'Socket options', options: socketOptions },
    { title: 'Output', options: outputOptions }
  ],
  examples: [
    { command: 'c1m-native listen 0.0.0.0:8100-8119', text: 'twenty ports, until Ctrl-C' },
    {
      command: 'c1m-native listen 127.0.0.1:8100 --mode close-first --duration 1m --json',
      text: 'the side that closes first, for a minute'
    }
  ],
  exitCodes: [
    { code: 0, text: '--duration has passed' },
    { code: 1, text: 'internal error, or no addon for this system' },
    { code: 2, text: 'usage: an option or an address is not valid, or the result cannot be written' },
    {
      code: 3,
      text: "cannot listen there (the port is taken, the address is not this host's), or this host's limits stopped it"
    },
    { code: 4, text: 'the name in an address has no address' },
    { code: 130, text: 'stopped by SIGINT, SIGTERM or SIGHUP, after closing and reporting' }
  ]
}
