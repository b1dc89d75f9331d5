/** `plan` as its command line and its help see it. Pure data. */
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { dialOptions, libraryOptions, natOptions } from './dial.js'
import { reportOptions } from './output.js'
import { socketOptions } from './socket.js'

export const hostOptions = {
  facts: {
    name: 'facts',
    type: 'text',
    value: 'FILE',
    default: 'this host, now',
    text: 'facts of the host that dials, or of {"client", "server"}, as JSON'
  },
  serverFacts: {
    name: 'server-facts',
    type: 'text',
    value: 'FILE',
    default: 'unknown',
    text: 'facts of the host that is dialed'
  },
  printFacts: {
    name: 'print-facts',
    type: 'flag',
    text: 'print the facts of this host as such a file, and no plan'
  }
} as const satisfies Record<string, OptionSpec>

export const allPlanOptions = { ...libraryOptions, ...hostOptions, ...reportOptions } as const

export const spec: CommandSpec = {
  usage: 'plan [options] [TARGET...]',
  text: [
    'Says what a dial will take and what will stop it, before a packet is sent: 4-tuples, descriptors, memory, connection tracking, time. What dial would refuse is explained. Targets are looked up and nothing else leaves this host.',
    'It takes the options of dial, and facts of other hosts: print them there with --print-facts. With --facts nothing of this host counts.',
    'Any option of the NAT section says that short connections go through a NAT, and asks for the rate at which its 5-tuples come around too early.'
  ],
  sections: [
    { title: 'Options', options: dialOptions },
    { title: 'Hosts', options: hostOptions },
    { title: 'Socket options', options: socketOptions },
    { title: 'NAT', options: natOptions },
    { title: 'Output', options: reportOptions }
  ],
  examples: [
    { command: 'c1m-native plan -c 1m', text: 'a million connections of this host to itself' },
    {
      command: 'c1m-native plan -c 1m 10.0.0.2:8100-8119 --server-facts server.json',
      text: 'with what 10.0.0.2 printed by: c1m-native plan --print-facts > server.json'
    },
    {
      command: 'c1m-native plan -r 550 --nat-ports 2048-65535 --time-wait 112.5s',
      text: 'short connections behind one address'
    }
  ],
  exitCodes: [
    { code: 0, text: 'nothing critical is foreseen' },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: an option, a target or a facts file is not valid' },
    { code: 3, text: 'a limit will stop it' },
    { code: 4, text: 'the name of a target has no address' }
  ]
}
