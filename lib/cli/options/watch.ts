/** `watch` as its command line and its help see it. Pure data. */
import type { WatchOptions } from '../../watch/watch.js'
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { outputOptions } from './output.js'

/** The options handed on to the library; a new one there does not compile until it has its line here. */
export const watchOptions = {
  ports: {
    name: 'port',
    short: 'p',
    type: 'text',
    value: 'P[-P]',
    repeatable: true,
    text: 'a port of the server, or a range, at whatever address'
  },
  everyMs: {
    name: 'every',
    type: 'duration',
    value: 'D',
    default: '1s',
    text: 'how often to look'
  },
  drops: {
    name: 'drops',
    type: 'flag',
    text: 'count dropped packets by reason and kernel call chain; needs root'
  }
} as const satisfies Record<keyof Omit<WatchOptions, 'targets' | 'signal'>, OptionSpec>

export const runOptions = {
  durationMs: {
    name: 'duration',
    type: 'duration',
    value: 'D',
    default: 'until SIGINT, SIGTERM or SIGHUP',
    text: 'how long to watch'
  }
} as const satisfies Record<string, OptionSpec>

export const allWatchOptions = { ...watchOptions, ...runOptions, ...outputOptions } as const

export const spec: CommandSpec = {
  usage: 'watch [options] [[ADDR:]PORT[-PORT]...]',
  text: [
    'Looks at a server from beside it, on its host, and sends nothing: queues of its listeners, states and TCP_INFO of its sockets, kernel counters that move, connection tracking, and causes as they arise.',
    'ADDR:PORT is where the server listens; a port alone is one of any address. Without one, and without --port, all sockets of this network namespace are watched. Counters are those of the namespace in any case.',
    'With --drops, packets the kernel drops are counted by reason and call chain: those of TCP from or to what is watched, where the kernel takes a BPF program, else those of the whole host. A SYN that a listener drops has no reason there, only counters.'
  ],
  sections: [
    { title: 'Options', options: { ...watchOptions, ...runOptions } },
    { title: 'Output', options: outputOptions }
  ],
  examples: [
    { command: 'c1m-native watch 0.0.0.0:8100-8119', text: 'a server on twenty ports, until Ctrl-C' },
    {
      command: 'sudo c1m-native watch --port 443 --drops --duration 1m --json',
      text: 'what the kernel drops of port 443 in a minute, and why'
    }
  ],
  exitCodes: [
    { code: 0, text: '--duration has passed' },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: an option or an address is not valid' },
    { code: 4, text: 'the name of a target has no address' },
    { code: 130, text: 'stopped by SIGINT, SIGTERM or SIGHUP, after reporting' }
  ]
}
