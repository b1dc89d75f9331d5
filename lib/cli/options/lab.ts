/** The options and the help of `lab`. No other command loads this file, or the labs, but completion. */
import { labs } from '../../labs/catalogue.js'
import type { ParameterName } from '../../labs/runner/lab_parameters.js'
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { outputOptions, reportOptions } from './output.js'

/** The parameters of labs. Each lab has some of them. */
export const parameterOptions = {
  connections: {
    name: 'connections',
    short: 'c',
    type: 'count',
    value: 'N',
    text: 'connections of each load'
  },
  rate: { name: 'rate', short: 'r', type: 'rate', value: 'N/s', text: 'connects started per second' },
  ports: { name: 'ports', type: 'count', value: 'N', text: "ports of the server, or of the NAT's range" },
  clients: { name: 'clients', type: 'count', value: 'N', text: 'client hosts behind the NAT' },
  buckets: { name: 'buckets', type: 'count', value: 'N', text: 'nf_conntrack_buckets of the incident' },
  max: { name: 'max', type: 'count', value: 'N', text: 'nf_conntrack_max of the incident' },
  backlog: { name: 'backlog', type: 'count', value: 'N', text: 'backlog of the listener' },
  loss: { name: 'loss', type: 'integer', value: 'PERCENT', text: 'share of SYNs that are lost' },
  limit: { name: 'limit', type: 'count', value: 'N', text: 'RLIMIT_NOFILE of the server' }
} as const satisfies Record<ParameterName, OptionSpec>

export const labOptions = {
  all: { name: 'all', type: 'flag', text: 'run every lab, one after the other' },
  ipv6: { name: 'ipv6', type: 'flag', text: 'use IPv6 instead of IPv4' },
  pcap: {
    name: 'pcap',
    type: 'text',
    value: 'FILE',
    text: 'write the packets of the incident to FILE, as the server sees them; needs tcpdump and root'
  },
  allowHostChanges: {
    name: 'allow-host-changes',
    type: 'flag',
    text: 'allow changes to sysctls of the whole host, for seconds; they are restored however the lab ends'
  }
} as const satisfies Record<string, OptionSpec>

const { quiet } = outputOptions
const shownOptions = { ...reportOptions, quiet } as const

export const allLabOptions = { ...labOptions, ...parameterOptions, ...shownOptions } as const

export const spec: CommandSpec = {
  usage: 'lab list | lab run NAME... | lab clean [options]',
  words: ['list', 'run', 'clean', ...labs.map(({ name }) => name)],
  text: [
    'Reproduces an incident in network namespaces of its own: breaks something for real, lets dial, listen and watch diagnose it, applies the remedy, shows that the remedy works, and cleans up.',
    'list shows the labs and what each needs, run runs labs by name, clean removes what a killed run left behind. All traffic stays in the namespaces, in 198.18.0.0/15 and 2001:2::/48.'
  ],
  sections: [
    { title: 'Options', options: labOptions },
    {
      title: 'Parameters (lab list shows the defaults)',
      options: parameterOptions
    },
    { title: 'Output', options: shownOptions }
  ],
  examples: [
    {
      command: 'c1m-native lab run accept-queue',
      text: 'a server that does not accept fast enough'
    },
    {
      command: 'sudo c1m-native lab run nat-paws --pcap paws.pcap',
      text: 'connects that fail behind a NAT, with their packets'
    },
    {
      command: 'sudo c1m-native lab run --all --allow-host-changes --json',
      text: 'all of them, for a script'
    }
  ],
  exitCodes: [
    {
      code: 0,
      text: 'every lab passed: it named the expected cause and no other, and each remedy restored 90 % of the healthy rate'
    },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: an option or a name is not valid' },
    { code: 3, text: 'this host lacks what a lab needs, or a lab could not be set up' },
    { code: 5, text: 'a lab failed: it named another cause or none, or a remedy did not work' },
    { code: 130, text: 'stopped by SIGINT, SIGTERM or SIGHUP, after cleaning up' }
  ]
}
