import { describe, expect, it } from 'vitest'
import { descriptorLimit } from '../../../../lib/checks/causes/descriptor_limit.js'
import { prlimit } from '../../../../lib/checks/remedy.js'
import { explaining, linesOf, predicting, run, tally } from '../fixtures.js'

describe('predict', () => {
  const shared = { connections: 50_000, descriptors: 50_000, tables: 1, descriptorsPerTable: 19_900 }

  it('names the number of connections at which one table is full', () => {
    expect(descriptorLimit.predict?.(predicting({ needs: shared }))).toMatchObject({
      severity: 'critical',
      title: '50,000 descriptors are needed and 1 table of 19,900 hold 19,900',
      bindsAt: 19_900,
      remedy: [{ kind: 'advice', text: expect.stringMatching(/^as root/) }, prlimit('$$', 51_200)]
    })
  })

  it('raises fs.nr_open first when it is lower', () => {
    const needs = { ...shared, descriptors: 2_000_000, connections: 2_000_000 }
    expect(linesOf(descriptorLimit.predict?.(predicting({ needs })))[0]).toBe('sysctl -w fs.nr_open=2001920')
  })

  it('needs no privilege below the hard limit', () => {
    const facts = { limits: { nofileSoft: 1024, nofileHard: 524_288 } }
    expect(linesOf(descriptorLimit.predict?.(predicting({ needs: shared, facts })))).toEqual([
      'ulimit -n 51200'
    ])
    const unbound = { limits: { nofileHard: 'unlimited' as const } }
    expect(linesOf(descriptorLimit.predict?.(predicting({ needs: shared, facts: unbound })))).toEqual([
      'ulimit -n 51200'
    ])
  })

  it('is silent with enough private tables', () => {
    expect(descriptorLimit.predict?.(predicting({ needs: { ...shared, tables: 3 } }))).toBeNull()
  })
})

describe('explain', () => {
  it('names EMFILE and the number of tables', () => {
    const outcome = run({
      errors: [tally('socket', 'EMFILE', 30_020)],
      process: { tables: 1, privateTables: false }
    })
    expect(descriptorLimit.explain?.(explaining({ run: outcome }))).toMatchObject({
      side: 'client',
      title:
        '30,020 sockets could not be had: RLIMIT_NOFILE is 20000, and this kernel gave no private descriptor tables',
      events: 30_020
    })
  })

  it('is silent for the host-wide limit', () => {
    expect(
      descriptorLimit.explain?.(explaining({ run: run({ errors: [tally('socket', 'ENFILE', 5)] }) }))
    ).toBeNull()
  })
})
