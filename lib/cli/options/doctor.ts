/** `doctor` as its command line and its help see it. Pure data. */
import type { GoalOptions } from '../../doctor/goal.js'
import type { CommandSpec, OptionSpec } from '../parse_options.js'
import { labOptions } from './lab.js'
import { reportOptions } from './output.js'

export const goalOptions = {
  connections: {
    name: 'connections',
    short: 'c',
    type: 'count',
    value: 'N',
    default: '1m',
    text: 'connections to hold at once'
  },
  rate: {
    name: 'rate',
    short: 'r',
    type: 'rate',
    value: 'N/s',
    default: 'as fast as possible',
    text: 'connects started per second'
  },
  role: {
    name: 'role',
    type: 'choice',
    value: 'client|server|both',
    choices: ['client', 'server', 'both'],
    default: 'client with a TARGET, else both',
    text: 'which ends of the connections this host has'
  }
} as const satisfies Record<keyof Omit<GoalOptions, 'targets'>, OptionSpec>

export const actionOptions = {
  apply: {
    name: 'apply',
    type: 'flag',
    text: 'set the sysctls the goal needs, as far as that is possible from here; a journal keeps what they were'
  },
  revert: {
    name: 'revert',
    type: 'flag',
    text: 'put back what --apply has set, unless somebody else has changed it since'
  }
} as const satisfies Record<string, OptionSpec>

export const selfTestOptions = {
  selfTest: {
    name: 'self-test',
    type: 'flag',
    text: 'run the quick labs, about two minutes, and list which causes can be detected on this kernel'
  },
  allowHostChanges: labOptions.allowHostChanges
} as const satisfies Record<string, OptionSpec>

export const allDoctorOptions = {
  ...goalOptions,
  ...actionOptions,
  ...selfTestOptions,
  ...reportOptions
} as const

export const spec: CommandSpec = {
  usage: 'doctor [options] [TARGET...]',
  text: [
    'Says what of this host binds first for a goal, in order, each with the command that lifts it, whose setting that is and what it needs.',
    'TARGET is what this host dials or, with --role server, where it listens.',
    'The journal of --apply is in $XDG_STATE_HOME/c1m-native; without that variable in /var/lib/c1m-native for root, in ~/.local/state/c1m-native for others.'
  ],
  sections: [
    { title: 'Goal', options: goalOptions },
    { title: 'Settings', options: actionOptions },
    { title: 'Self-test', options: selfTestOptions },
    { title: 'Output', options: reportOptions }
  ],
  examples: [
    { command: 'c1m-native doctor', text: 'a million connections with both ends on this host' },
    {
      command: 'c1m-native doctor -c 1m -r 50k/s --role server 0.0.0.0:8100-8119',
      text: 'the host of a server'
    },
    { command: 'sudo c1m-native doctor -c 1m --apply', text: 'set what is missing; --revert puts it back' },
    { command: 'c1m-native doctor --self-test', text: 'whether causes are named on this kernel, see labs.md' }
  ],
  exitCodes: [
    {
      code: 0,
      text: 'the goal fits, after --apply; with --revert: everything is put back; with --self-test: every lab that ran passed'
    },
    { code: 1, text: 'internal error' },
    { code: 2, text: 'usage: an option, a target or the journal is not valid, or there is no journal' },
    {
      code: 3,
      text: 'something binds, or a sysctl could not be set or put back; with --self-test: no lab can run here'
    },
    { code: 4, text: 'the name of a target has no address' },
    { code: 5, text: 'with --self-test: a cause was not named as it should be' },
    {
      code: 130,
      text: 'with --self-test: stopped by SIGINT, SIGTERM or SIGHUP, after cleaning up'
    }
  ]
}
