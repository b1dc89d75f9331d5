/** `dial` as its command line and its help see it. Pure data. */
import { approximateCount, formatDurationMs, formatNumber } from '../../base/units.js'
import { closeModes } from '../../engine/modes.js'
import { closers } from '../../scenario/churn.js'
import { churnDurationMs, dialDefaults } from '../../scenario/defaults.js'
import { type NatOptions, natDefaults } from '../../scenario/nat.js'
import type { DialOptions } from '../../scenario/options.js'
import type { SocketOptions } from '../../scenario/socket_options.js'
import { everyPortText, leastPortsLeft } from '../../scenario/source_ports.js'
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { outputOptions } from './output.js'
import { socketOptions } from './socket.js'

/** The options handed on to the library; a new one there does not compile until it has its line here. */
export const dialOptions = {
  connections: {
    name: 'connections',
    short: 'c',
    type: 'count',
    value: 'N',
    default: approximateCount(dialDefaults.connections),
    text: 'connections to open and hold; in a churn, to have open at once'
  },
  rate: {
    name: 'rate',
    short: 'r',
    type: 'rate',
    value: 'N/s',
    default: 'as fast as possible',
    text: 'connects started per second'
  },
  ramp: {
    name: 'ramp',
    type: 'text',
    value: 'SCHEDULE',
    text: 'the rate as a piecewise-linear schedule of TIME:RATE points, e.g. 0:10k/s,30s:200k/s; the last rate stays'
  },
  window: {
    name: 'window',
    type: 'count',
    value: 'N',
    default: String(dialDefaults.window),
    text: 'handshakes in flight at most'
  },
  addresses: {
    name: 'all-addresses',
    type: 'flag',
    means: 'all',
    default: 'the first one',
    text: 'dial every address of a TARGET given by name, all of one family'
  },
  source: {
    name: 'source',
    short: 's',
    type: 'text',
    value: 'A',
    repeatable: true,
    default: 'loopback targets: as much of 127/8 as needed; others: the address of the route',
    text: 'where to dial from: an address, A/len, A-B or the name of an interface'
  },
  sourcePorts: {
    name: 'source-ports',
    type: 'text',
    value: 'A-B',
    default: `${everyPortText} less the reserved ones and the last ${formatNumber(leastPortsLeft)} ephemeral ones`,
    text: 'source ports to use'
  },
  shard: {
    name: 'shard',
    type: 'text',
    value: 'K/N',
    text: 'use the K-th of N disjoint slices of the tuple space, so that N processes or hosts never collide'
  },
  seed: {
    name: 'seed',
    type: 'integer',
    value: 'N',
    default: 'any, so that a run does not meet connections its predecessor left at the server',
    text: 'source port to begin at, counted from the first one and round again; repeats the tuples of an earlier run'
  },
  workers: {
    name: 'workers',
    type: 'integer',
    value: 'N',
    default: 'from the number of CPUs',
    text: 'threads that dial at a time'
  },
  connectTimeoutMs: {
    name: 'connect-timeout',
    type: 'duration',
    value: 'D',
    default: formatDurationMs(dialDefaults.connectTimeoutMs),
    text: 'how long a handshake may take before it counts as failed'
  },
  synRetries: {
    name: 'syn-retries',
    type: 'integer',
    value: 'N',
    default: "the kernel's, net.ipv4.tcp_syn_retries",
    text: 'SYN retransmissions before the kernel gives up, 1 to 127'
  },
  holdMs: {
    name: 'hold',
    type: 'duration',
    value: 'D',
    default: formatDurationMs(dialDefaults.holdMs),
    text: 'how long to keep the connections once the ramp has ended'
  },
  close: {
    name: 'close',
    type: 'choice',
    value: closeModes.join('|'),
    choices: closeModes,
    default: dialDefaults.close,
    text: 'how connections end: an orderly close, or a reset that leaves no TIME_WAIT'
  },
  churn: {
    name: 'churn',
    type: 'flag',
    text: 'close each connection after its exchange and replace it, for --duration'
  },
  closeBy: {
    name: 'close-by',
    type: 'choice',
    value: closers.join('|'),
    choices: closers,
    default: dialDefaults.closeBy,
    text: 'who closes first in a churn; server waits for the peer to close'
  },
  keepGoing: {
    name: 'keep-going',
    type: 'flag',
    text: 'go on with a churn although every exchange fails; default: it slows down, and ends after 3s of that'
  },
  send: {
    name: 'send',
    type: 'text',
    value: 'S',
    text: 'what to send once a connection stands: text with the escapes \\r \\n \\t \\0 \\\\ \\xNN, or @FILE'
  },
  expect: {
    name: 'expect',
    type: 'text',
    value: 'S',
    text: 'how the answer must begin, written like --send; what comes beyond it is read and dropped'
  },
  expectBytes: {
    name: 'expect-bytes',
    type: 'size',
    value: 'N',
    text: 'how many bytes, whichever they are, make the answer'
  },
  messageSize: {
    name: 'message-size',
    type: 'size',
    value: 'N',
    text: 'N bytes out and N bytes back, instead of --send and --expect-bytes'
  },
  everyMs: {
    name: 'every',
    type: 'duration',
    value: 'D',
    default: 'once',
    text: 'send again on each connection at this period during the --hold, spread over the connections'
  },
  exchangeTimeoutMs: {
    name: 'exchange-timeout',
    type: 'duration',
    value: 'D',
    default: formatDurationMs(dialDefaults.exchangeTimeoutMs),
    text: 'how long an answer may take, or with --close-by server the close'
  },
  durationMs: {
    name: 'duration',
    type: 'duration',
    value: 'D',
    default: `no bound; with --churn ${formatDurationMs(churnDurationMs)}`,
    text: 'upper bound of the whole run'
  },
  census: {
    name: 'census',
    type: 'flag',
    text: 'read TCP_INFO of every connection at the end of the hold: round-trip times, retransmits, options'
  },
  sample: {
    name: 'sample',
    type: 'count',
    value: 'N',
    default: 'none',
    text: 'connections whose TCP_INFO each snapshot of --ndjson sums up'
  },
  authorized: {
    name: 'authorized',
    type: 'flag',
    text: 'you may load this target; needed for one that is neither loopback nor private'
  }
} as const satisfies Record<
  keyof Omit<DialOptions, 'targets' | 'signal' | keyof NatOptions | keyof SocketOptions>,
  OptionSpec
>

/** A NAT on the way, described to dial and to plan. */
export const natOptions = {
  natPorts: {
    name: 'nat-ports',
    type: 'text',
    value: 'A-B',
    default: natDefaults.ports,
    text: 'source ports the NAT hands out'
  },
  natSources: {
    name: 'nat-sources',
    type: 'count',
    value: 'N',
    default: String(natDefaults.sources),
    text: 'addresses the NAT translates to'
  },
  natDestinations: {
    name: 'nat-destinations',
    type: 'count',
    value: 'N',
    default: 'those of the targets, or 1',
    text: 'destinations, pairs of address and port, on the far side'
  },
  timeWaitMs: {
    name: 'time-wait',
    type: 'duration',
    value: 'D',
    default: formatDurationMs(natDefaults.timeWaitMs),
    text: 'how long the server remembers a connection it has closed'
  },
  lvsTimeoutMs: {
    name: 'lvs-timeout',
    type: 'duration',
    value: 'D',
    default: 'no balancer',
    text: 'how long a balancer (LVS) remembers a closed connection'
  }
} as const satisfies Record<keyof NatOptions, OptionSpec>

export const judgementOptions = {
  failIf: {
    name: 'fail-if',
    type: 'text',
    value: 'EXPR',
    repeatable: true,
    text: "exit with 5 when this holds of the result, e.g. 'failed>0' or 'connectLatency.p99>50ms'"
  }
} as const satisfies Record<string, OptionSpec>

/** What goes to the library as it is. */
export const libraryOptions = { ...dialOptions, ...socketOptions, ...natOptions } as const

export const allDialOptions = { ...libraryOptions, ...judgementOptions, ...outputOptions } as const

export const spec: CommandSpec = {
  usage: 'dial [options] [TARGET...]',
  text: [
    'Opens TCP connections, holds or churns them, talks on them, closes them and reports what happened.',
    'TARGET is host:port, host:port-port, host:port,port or [v6]:port; a port alone is one of 127.0.0.1. Several share the connections. Without one, dial starts its own listener on loopback and dials that.',
    'Counts may be written 250k or 1m, durations 500ms, 10s or 1h30m, rates 50k/s or 50k, sizes 512B or 64KiB.',
    'The options of the NAT section describe a NAT on the way: SYNs that met a connection still remembered are then held against its ports.'
  ],
  sections: [
    { title: 'Options', options: dialOptions },
    { title: 'Socket options', options: socketOptions },
    { title: 'NAT', options: natOptions },
    { title: 'Judgement', options: judgementOptions },
    { title: 'Output', options: outputOptions }
  ],
  examples: [
    { command: 'c1m-native dial -c 100k', text: 'this host against itself' },
    {
      command: 'c1m-native dial 10.0.0.2:8100-8119 -c 1m --hold 1m',
      text: 'a million connections over 20 ports, held for a minute'
    },
    {
      command: "c1m-native dial redis:6379 --send 'PING\\n' --expect +PONG --every 9s --hold 1m",
      text: 'held connections with a heartbeat each'
    },
    {
      command: 'c1m-native dial 10.0.0.2:8080 -c 100 --churn --duration 30s --message-size 1',
      text: 'short connections, a hundred at a time, as fast as possible'
    },
    {
      command: "c1m-native dial 10.0.0.2:443 -c 50k -r 5k/s --fail-if 'failed>0' --json",
      text: 'a paced run for a script'
    }
  ],
  exitCodes: [
    {
      code: 0,
      text: 'every connection asked for was established (in a churn: none failed), each exchange was answered, and no --fail-if held'
    },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: an option or a target is not valid' },
    { code: 3, text: "this host's limits stopped it" },
    {
      code: 4,
      text: 'the target refused, never answered, has no address or route, or does not know connections that are held'
    },
    { code: 5, text: 'fewer connections than asked for, a failed exchange, or a --fail-if held' },
    { code: 130, text: 'stopped by SIGINT, SIGTERM or SIGHUP, after closing and reporting' }
  ]
}
