/** Random command lines: options of every command, with valid, almost valid and invalid values. */

import { spec as bench } from '../../lib/cli/options/bench.js'
import { spec as completion } from '../../lib/cli/options/completion.js'
import { spec as dial } from '../../lib/cli/options/dial.js'
import { spec as doctor } from '../../lib/cli/options/doctor.js'
import { spec as lab } from '../../lib/cli/options/lab.js'
import { spec as listen } from '../../lib/cli/options/listen.js'
import { spec as plan } from '../../lib/cli/options/plan.js'
import { spec as watch } from '../../lib/cli/options/watch.js'
import type { CommandSpec, OptionSpec } from '../../lib/cli/parse_options.js'
import type { Random } from './random.js'
import { sources, targets, texts } from './values.js'

export const specs: Readonly<Record<string, CommandSpec>> = {
  dial,
  listen,
  watch,
  plan,
  doctor,
  lab,
  bench,
  completion
}

/** Commands with more options are chosen more often. */
const commands = [
  'dial',
  'dial',
  'dial',
  'listen',
  'listen',
  'watch',
  'plan',
  'plan',
  'doctor',
  'lab',
  'bench',
  'completion'
]

/** Options that change the host, take minutes, or act outside of the process. */
const forbidden = new Set(['--apply', '--self-test', '--allow-host-changes', '--all', '--neper', '--pcap'])

/** Files of the folder in which a command line runs; all of them are finite. */
export const files = {
  facts: 'facts.json',
  deep: 'deep.json',
  broken: 'broken.json',
  odd: 'odd.json',
  folder: 'folder'
} as const

/** Valid and almost valid values. */
type Values = readonly [sensible: readonly string[], odd: readonly string[]]

const byType: Readonly<Record<OptionSpec['type'], Values>> = {
  flag: [[], []],
  text: [[], []],
  choice: [[], ['none', 'FIN']],
  integer: [
    ['1', '2', '3', '64'],
    ['0', '-1', '1.5', '1025', '999999999999999', '9999999999999999']
  ],
  bits: [
    ['0', '16', '0xb8', '0xffffffff'],
    ['0x', '-1', '1.5', '0xg', '4294967296', '0x100000000']
  ],
  count: [
    ['1', '2', '7', '50', '200', '1k', '1_0', '1e2', '1,000'],
    ['0', '-5', '1.0001', '5k', '20m', '1e3', '1,00', '1e999', '99999999999999999999']
  ],
  duration: [
    ['1ms', '10ms', '50ms', '0.2s', '1h', '1s500ms'],
    ['0', '30000h', '10', '-1s', '1us', '0.0001s', '1d', '1s1h', '1m30']
  ],
  rate: [
    ['100', '500/s', '10k', '1m/s'],
    ['0', '0/s', '2000m/s', '5/m', '0.001/s', '-1/s', '1']
  ],
  size: [
    ['1', '64', '4KiB'],
    ['0', '1MiB', '17MiB', '1TB', '1.5B', '600MB']
  ]
}

const byName: Readonly<Record<string, Values>> = {
  source: [sources.slice(0, 3), sources],
  'source-ports': [
    ['1024-65535', '20000-20010', '5000'],
    ['0-1', '9-8', '1-65536', '80']
  ],
  'nat-ports': [['1024-65535'], ['9-8', '0-0', '5']],
  shard: [
    ['1/1', '1/2', '2/2'],
    ['3/2', '0/1', '1/0', '1/99999', '65535/65535']
  ],
  ramp: [
    ['0:1k/s', '0:10,1s:20', '0:0,1s:5k', '0:1k/s,1h:1'],
    ['0:0', '1s:5', '0:1,0:2', '0:1:2', ',', '0:1k/s,1h:0']
  ],
  send: [
    ['PING\\r\\n', '\\xff\\0', '@facts.json'],
    ['@none', '@folder', '@', '\\q', '@/dev/null', '@/dev/zero']
  ],
  expect: [
    ['PING', '@facts.json'],
    ['+PONG', '\\x', '@/dev/null']
  ],
  'fail-if': [
    ['failed>0', 'connectLatency.p99>50ms', 'established<1m'],
    ['failed', 'x>1', 'failed>>1', 'failed > 1s', 'constructor>0', 'failed>1\n']
  ],
  facts: [[files.facts, files.odd], Object.values(files)],
  'server-facts': [[files.facts, files.odd], Object.values(files)],
  port: [
    ['80', '8100-8119', '80,443'],
    ['0', '90-80', 'http', '80,', '70000']
  ],
  only: [[], ['connect', 'none']]
}

export function commandLine(random: Random): string[] {
  const command = random.pick(commands)
  const spec = specs[command] as CommandSpec
  const options = spec.sections.flatMap(({ options }) => Object.values(options))
  const given = random
    .some(
      options.filter(({ name }) => name !== 'out' && (name !== 'help' || random.chance(0.1))),
      4
    )
    .flatMap((option) => asTyped(option, random))
  let argv = [...positionals(command, random), ...given]
  if (random.chance(0.3)) argv.sort(() => random.next() - 0.5)
  argv.unshift(command)
  for (let left = random.chance(0.25) ? 1 + random.below(3) : 0; left > 0; left--)
    argv = mutated(argv, random)
  // After the mutations, so that nothing is written outside of this folder.
  if (random.chance(0.15))
    argv.push('--out', random.pick(['out.json', 'folder', 'none/out.json', '/dev/null', '/dev/full', '-']))
  return isHarmless(argv) ? argv : commandLine(random)
}

function positionals(command: string, random: Random): string[] {
  if (command === 'completion') return random.some(['bash', 'zsh', 'fish', 'tcsh'], 2)
  if (command === 'lab') return ['list', ...random.some(['accept-queue', 'none'], 1)]
  if (command === 'bench') return [random.pick(['compare', 'plot']), ...random.some(Object.values(files), 3)]
  // Usually without a target, so that a self-dial runs.
  return random.chance(0.7) ? [] : Array.from({ length: 1 + random.below(3) }, () => random.pick(targets))
}

function asTyped(option: OptionSpec, random: Random): string[] {
  const { name, short, type, negatable } = option
  const flag =
    short !== undefined && random.chance(0.3)
      ? `-${short}`
      : `--${negatable && random.chance(0.5) ? 'no-' : ''}${name}`
  if (type === 'flag') return random.chance(0.03) ? [`${flag}=x`] : [flag]
  const [sensible, odd] = byName[name] ?? [[...(option.choices ?? []), ...byType[type][0]], byType[type][1]]
  const value = random.pick(
    sensible.length > 0 && random.chance(0.85) ? sensible : [...odd, random.pick(texts)]
  )
  return random.chance(0.2) && !flag.startsWith(`-${short}`) ? [`${flag}=${value}`] : [flag, value]
}

function mutated(argv: readonly string[], random: Random): string[] {
  const copy = [...argv]
  // A wrong command is refused before anything else is looked at.
  const at = random.chance(0.1) ? 0 : random.below(copy.length)
  const word = copy[at] ?? ''
  const inside = random.below(word.length + 1)
  random.pick([
    () => copy.splice(at, 1),
    () => copy.splice(at, 0, word),
    () => copy.splice(at, 0, random.pick(texts)),
    () => copy.splice(random.below(copy.length), 1, word),
    () => copy.splice(at, 1, word.slice(0, inside)),
    () => copy.splice(at, 1, word.slice(0, inside) + random.pick(texts) + word.slice(inside)),
    () => copy.splice(at, 1, word.toUpperCase()),
    () => copy.splice(at, 1, `${word}=`),
    () => copy.splice(at, 0, '--')
  ])()
  return copy
}

/** Whether a command line changes nothing of the host and ends soon. */
function isHarmless(argv: readonly string[]): boolean {
  const [command, ...rest] = argv
  if (rest.some((word) => forbidden.has(word.split('=')[0] ?? ''))) return false
  if (command === 'lab')
    return rest.includes('list') && !rest.some((word) => word === 'run' || word === 'clean')
  if (command === 'bench') {
    const action = rest.find((word) => !word.startsWith('-'))
    return action === 'compare' || (action === 'plot' && !rest.includes('--'))
  }
  return true
}
