import { describe, expect, it } from 'vitest'
import { areUntracked } from '../../../lib/observe/notrack_rules.js'

const port = (field: string, right: unknown) => ({
  match: { op: '==', left: { payload: { protocol: 'tcp', field } }, right }
})
const notrack = { notrack: null }
const counter = { counter: { packets: 0, bytes: 0 } }

const table = (flags?: string) => ({
  table: { family: 'inet', name: 'c1m', handle: 1, ...(flags && { flags }) }
})
const chain = (name: string, hook: string, prio = -300) => ({
  chain: { family: 'inet', table: 'c1m', name, type: 'filter', hook, prio, policy: 'accept' }
})
const rule = (chain: string, ...expr: unknown[]) => ({ rule: { family: 'inet', table: 'c1m', chain, expr } })

const both = (chain: string, ports: unknown) => [
  rule(chain, port('dport', ports), notrack),
  rule(chain, port('sport', ports), counter, notrack)
]
const chains = [table(), chain('pre', 'prerouting'), chain('out', 'output')]
const ruleset = (...items: unknown[]) => ({ nftables: items })
const to = (firstPort: number, lastPort = firstPort) => ({
  targets: [{ firstPort, lastPort }],
  bothEnds: true
})

describe('connections count as untracked', () => {
  it('when rules for their ports say so, in both directions', () => {
    const rules = ruleset(...chains, ...both('pre', 8100), ...both('out', 8100))
    expect(areUntracked(rules, to(8100))).toBe(true)
    expect(areUntracked(rules, to(8101))).toBe(false)
    expect(areUntracked(rules, to(8100, 8101))).toBe(false)
  })

  it('when ranges and sets together cover all ports', () => {
    const ports = { set: [{ range: [8100, 8110] }, 8111, { range: [8112, 8120] }, 9000] }
    const rules = ruleset(...chains, ...both('pre', ports), ...both('out', ports))
    expect(areUntracked(rules, to(8101, 8119))).toBe(true)
    expect(areUntracked(rules, to(8119, 8121))).toBe(false)
  })

  it('when the rules for a self-dial cover loopback', () => {
    const address = (field: string) => ({
      match: {
        op: '==',
        left: { payload: { protocol: 'ip', field } },
        right: { prefix: { addr: '127.0.0.0', len: 8 } }
      }
    })
    const expr = [address('saddr'), address('daddr'), notrack]
    const own = { targets: [], bothEnds: true }
    expect(areUntracked(ruleset(...chains, rule('pre', ...expr), rule('out', ...expr)), own)).toBe(true)
    expect(areUntracked(ruleset(...chains, ...both('pre', 8100), ...both('out', 8100)), own)).toBe(false)
  })
})

describe('connections count as tracked', () => {
  const all = [...both('pre', 8100), ...both('out', 8100)]

  it.each([
    ['in one direction only', ruleset(...chains, rule('out', port('dport', 8100), notrack))],
    ['at one hook only', ruleset(...chains, ...both('out', 8100))],
    [
      'after the tracking',
      ruleset(table(), chain('pre', 'prerouting', -150), chain('out', 'output'), ...all)
    ],
    ['in a table that is dormant', ruleset(table('dormant'), ...chains.slice(1), ...all)],
    ['after a rule of another kind', ruleset(...chains, rule('pre', { accept: null }), ...all)],
    [
      'for one of their sources only',
      ruleset(
        ...chains,
        ...['pre', 'out'].flatMap((name) =>
          ['dport', 'sport'].map((field) =>
            rule(name, { match: { op: '==', left: {}, right: 'x' } }, port(field, 8100), notrack)
          )
        )
      )
    ]
  ])('when rules say so %s', (_, rules) => {
    expect(areUntracked(rules, to(8100))).toBe(false)
  })

  it('when the rules are unknown', () => {
    for (const nothing of [null, {}, { nftables: 'none' }, []])
      expect(areUntracked(nothing, to(8100))).toBe(false)
  })
})
