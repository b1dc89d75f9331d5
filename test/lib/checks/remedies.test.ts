/** Every remedy that a check can print, read from the source so that none is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { deviceDown } from '../../../lib/checks/causes/device_down.js'
import { reversePathFilter } from '../../../lib/checks/causes/reverse_path_filter.js'
import { explainFindings, foresee } from '../../../lib/checks/index.js'
import { shellLine } from '../../../lib/checks/remedy.js'
import { isOfInitialNamespace, sysctlFile } from '../../../lib/host/sysctl/scopes.js'
import { explaining, linesOf, predicting, rose, run, tally, watching } from './fixtures.js'

const folder = new URL('../../../lib/checks/', import.meta.url)
const sources = ['.', 'causes'].flatMap((place) =>
  readdirSync(new URL(`${place}/`, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(`${place}/${name}`, folder), 'utf8'))
)

/** The literal first arguments of these calls, with `filler` for the values of a template. */
function literals(call: string, filler: string): string[] {
  const literal = new RegExp(`\\b${call}\\(\\s*(?:'((?:\\\\.|[^'])*)'|"([^"]*)"|\`([^\`]*)\`)`, 'g')
  return sources.flatMap((source) =>
    [...source.matchAll(literal)].map(([, single, double, template]) =>
      (single ?? double ?? template ?? '').replace(/\$\{[^}]*\}/g, filler).replace(/\\(.)/g, '$1')
    )
  )
}

/** In other namespaces the kernel hides sysctls of the initial network namespace. */
const isInitialNamespace = existsSync('/proc/sys/net/ipv4/tcp_mem')

const names = literals('sysctl', 'lo')
const lines = literals('command', 'WORD')

describe('every sysctl of a remedy', () => {
  it.for([...new Set(names)])('exists in this kernel: %s', (name, { skip }) => {
    skip(isOfInitialNamespace(name) && !isInitialNamespace, 'needs the initial network namespace')
    skip(name.startsWith('net.netfilter.') && !existsSync('/proc/sys/net/netfilter'), 'needs nf_conntrack')
    expect(existsSync(`/proc/sys/${sysctlFile(name)}`)).toBe(true)
  })

  it('is collected by this test: more than ten', () => {
    expect(names.length).toBeGreaterThan(10)
  })
})

describe('every command of a remedy', () => {
  it.each([...new Set(lines)])('is valid shell: %s', (line) => {
    expect(spawnSync('bash', ['-n'], { input: line, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: ''
    })
  })

  it('is collected by this test: more than ten', () => {
    expect(lines.length).toBeGreaterThan(10)
  })
})

describe('the name of a device in a remedy', () => {
  /** What a shell makes of the last word of a line. */
  const lastWord = (line: string) =>
    spawnSync('bash', ['-c', `set -- ${line}; printf %s "\${@: -1}"`], { encoding: 'utf8' }).stdout

  it.each(['eth0', 'eth0.100', 'a;b', "it's", '$HOME', 'a&b', '`x`', '*'])('is quoted: %s', (name) => {
    const verdict = deviceDown.explain?.(
      explaining({
        run: run({ errors: [tally('connect', 'EHOSTUNREACH', 5)] }),
        downDevice: { name, state: 'no carrier', network: '198.18.1.1/24', target: 'server', isOnlyWay: true }
      })
    )
    expect(lastWord(linesOf(verdict).at(-1) ?? '')).toBe(name)
  })

  it('has a slash for each dot in the name of a sysctl', () => {
    const verdict = reversePathFilter.explain?.(
      watching({
        deltas: rose({ 'TcpExt.IPReversePathFilter': 40 }),
        facts: { network: { rpFilterAll: 0, rpFilterInterfaces: { 'eth0.100': 1, 'a;b.c': 1 } } }
      })
    )
    expect(linesOf(verdict)).toEqual([
      'sysctl -w net.ipv4.conf.eth0/100.rp_filter=2',
      "sysctl -w 'net.ipv4.conf.a;b/c.rp_filter'=2"
    ])
  })
})

describe('the namespace in which a remedy applies', () => {
  const inInitial = '# in the initial network namespace:'

  it('is stated once for sysctls that only the initial network namespace has', () => {
    const [finding] = foresee(
      predicting({
        facts: { conntrack: { count: 5, max: 1000 } },
        needs: { conntrackEntries: 10_000 }
      })
    )
    const printed = finding?.remedy.map(shellLine) ?? []
    expect(printed.slice(0, 4)).toEqual([
      inInitial,
      expect.stringMatching(/nf_conntrack_max=/),
      expect.stringMatching(/nf_conntrack_buckets=/),
      '# or do not track these ports at all:'
    ])
    expect(printed.filter((line) => line === inInitial)).toHaveLength(1)
  })

  it.each([
    ['Neigh4.table_fulls', 'net.ipv4.neigh.default.gc_thresh3'],
    ['Neigh6.table_fulls', 'net.ipv6.neigh.default.gc_thresh3'],
    ['TcpExt.TCPMemoryPressures', 'net.ipv4.tcp_mem']
  ] as const)('is stated beside a server as well (%s)', (counter, name) => {
    const [finding] = explainFindings(
      watching({ deltas: rose({ [counter]: 50, 'TcpExt.TCPRetransFail': 50 }) })
    )
    expect(finding?.remedy.slice(0, 2)).toEqual([inInitial, expect.stringContaining(name)])
  })
})
