import { describe, expect, expectTypeOf, it } from 'vitest'
import { type OptionSpecs, type OptionValues, parseOptions, pick } from '../../lib/cli/parse_options.js'
import { caught } from '../helpers/caught.js'

const options = {
  connections: { name: 'connections', short: 'c', type: 'count', value: 'N', text: '' },
  holdMs: { name: 'hold', type: 'duration', value: 'D', text: '' },
  rate: { name: 'rate', short: 'r', type: 'rate', value: 'N/s', text: '' },
  workers: { name: 'workers', type: 'integer', value: 'N', text: '' },
  close: { name: 'close', type: 'choice', choices: ['fin', 'rst'], text: '' },
  source: { name: 'source', short: 's', type: 'text', repeatable: true, text: '' },
  out: { name: 'out', type: 'text', value: 'FILE', text: '' },
  quiet: { name: 'quiet', short: 'q', type: 'flag', text: '' },
  color: { name: 'color', type: 'flag', negatable: true, text: '' },
  addresses: { name: 'all', type: 'flag', means: 'every', text: '' }
} as const satisfies OptionSpecs

const parse = (...argv: string[]) => parseOptions(options, argv, 'c1m-native test')

describe('parseOptions', () => {
  it('types the values of options', () => {
    expectTypeOf<OptionValues<typeof options>>().toEqualTypeOf<{
      connections?: number
      holdMs?: number
      rate?: number
      workers?: number
      close?: 'fin' | 'rst'
      source?: string[]
      out?: string
      quiet?: boolean
      color?: boolean
      addresses?: 'every'
    }>()
  })

  it.each([
    [[], {}, []],
    [['-c', '250k'], { connections: 250_000 }, []],
    [['-c250k'], { connections: 250_000 }, []],
    [['--connections=1m', 'a:1', 'b:2'], { connections: 1_000_000 }, ['a:1', 'b:2']],
    [['a:1', '--hold', '2m', 'b:2'], { holdMs: 120_000 }, ['a:1', 'b:2']],
    [['-r', '50k/s', '--workers', '4'], { rate: 50_000, workers: 4 }, []],
    [['--close', 'rst', '-q'], { close: 'rst', quiet: true }, []],
    [['-qc', '5'], { quiet: true, connections: 5 }, []],
    [['-c=10'], { connections: 10 }, []],
    [['-qc=10'], { quiet: true, connections: 10 }, []],
    [['-s=eth0', '-s', '=x'], { source: ['eth0', '=x'] }, []],
    [['--out==x'], { out: '=x' }, []],
    [['-c', '1e6', '--hold', '1h30m'], { connections: 1_000_000, holdMs: 5_400_000 }, []],
    [['--workers', '1_000'], { workers: 1000 }, []],
    [['-s', '10.0.0.1', '--source', 'eth0'], { source: ['10.0.0.1', 'eth0'] }, []],
    [['--no-color'], { color: false }, []],
    [['--all'], { addresses: 'every' }, []],
    [['--no-color', '--color'], { color: true }, []],
    [['-c', '5', '-c', '6'], { connections: 6 }, []],
    [['--out', '-'], { out: '-' }, []],
    [['--out=--json'], { out: '--json' }, []],
    [['--', '-c', '5'], {}, ['-c', '5']]
  ])('parses %j', (argv, values, positionals) => {
    expect(parse(...argv)).toEqual({ values, positionals })
  })

  it.each([
    [
      ['--conections', '5'],
      'unknown option --conections',
      'Did you mean --connections? See c1m-native test --help.'
    ],
    [['--frobnicate'], 'unknown option --frobnicate', 'See c1m-native test --help.'],
    [['-Z'], 'unknown option -Z', 'See c1m-native test --help.'],
    [['--no-quiet'], 'unknown option --no-quiet', expect.stringContaining('See c1m-native test --help.')],
    [['--quiet=yes'], "--quiet takes no value, but got 'yes'", 'Write just --quiet.'],
    [['-q=yes'], "-q takes no value, but got 'yes'", 'Write just -q.'],
    [['-hold', '5s'], 'unknown option -hold', 'Did you mean --hold? See c1m-native test --help.'],
    [
      ['-connections=5'],
      'unknown option -connections',
      expect.stringContaining('Did you mean --connections?')
    ],
    [['-c'], '-c needs a value', 'Write -c N.'],
    [['-c='], '-c needs a value', 'Write -c N.'],
    [['--out='], '--out needs a value', 'Write --out FILE.'],
    [
      ['--out', '--quiet'],
      '--out needs a value, but the next argument is the option --quiet',
      'Write --out FILE, or --out=--quiet if that is the value.'
    ],
    [['-c', '-q'], '-c needs a value, but the next argument is the option -q', expect.any(String)],
    [['-c', 'lots'], "-c: 'lots' is not a count", expect.stringContaining('250k')],
    [['-c', '-5'], "-c: '-5' is negative", expect.any(String)],
    [['--hold', '5'], "--hold: '5' has no unit", expect.stringContaining('10s')],
    [['--rate', 'fast'], "--rate: 'fast' is not a rate", expect.any(String)],
    [['--workers', '1.5'], "--workers must be a whole number, not '1.5'", 'Write --workers N.'],
    [['--close', 'fni'], "--close must be fin or rst, not 'fni'", 'Write --close fin.']
  ])('refuses %j', (argv, message, hint) => {
    expect(caught(() => parse(...argv))).toMatchObject({ name: 'C1mError', message, hint, exitCode: 2 })
  })
})

describe('pick', () => {
  it('leaves out the values of other options', () => {
    const { values } = parse('-c', '5', '-q', '--close', 'rst')
    const wanted = { connections: options.connections, close: options.close }
    expect(pick(values, wanted)).toEqual({
      connections: 5,
      close: 'rst'
    })
  })
})
