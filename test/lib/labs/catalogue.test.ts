import { describe, expect, it } from 'vitest'
import { findingIds } from '../../../lib/checks/index.js'
import { labTable } from '../../../lib/cli/options/lab.js'
import { labs } from '../../../lib/labs/catalogue.js'
import { listLabs } from '../../../lib/labs/runner/list.js'
import { resolveParameters } from '../../../lib/labs/runner/parameters.js'
import type { ParameterName } from '../../../lib/labs/verdict/lab.js'

it('there are eleven labs, each with a name of its own', () => {
  expect(labs.map(({ name }) => name)).toEqual([
    'million',
    'conntrack-full',
    'conntrack-chains',
    'nat-paws',
    'nat-capacity',
    'nat-affinity',
    'accept-queue',
    'syn-queue',
    'syn-loss',
    'port-exhaustion',
    'descriptor-limit'
  ])
})

describe.each(labs.map((lab) => [lab.name, lab] as const))('%s', (_, lab) => {
  it('expects a finding that exists', () => {
    if (lab.expected !== null) expect(findingIds).toContain(lab.expected)
  })

  it('has parameters that are options', () => {
    expect(Object.keys(labTable)).toEqual(expect.arrayContaining(Object.keys(lab.defaults)))
    expect(Object.keys(lab.defaults)).toEqual(expect.arrayContaining(Object.keys(lab.inSeries ?? {})))
  })

  it('has defaults within bounds, which are enough for the incident', () => {
    expect(Object.keys(lab.bounds)).toEqual(Object.keys(lab.defaults))
    expect(resolveParameters(lab, {}, false)).toEqual({ ...lab.defaults, ipv6: false })
    expect(resolveParameters(lab, lab.inSeries ?? {}, false)).toMatchObject({ ...lab.inSeries })
  })

  it('stays within bounds whatever is asked for', () => {
    for (const index of [0, 1]) {
      const extremes = Object.entries(lab.bounds).map(([name, bounds]) => [name, bounds[index]])
      const fitted = resolveParameters(lab, Object.fromEntries(extremes), true)
      for (const [name, [least, most]] of Object.entries(lab.bounds)) {
        expect(fitted[name as ParameterName]).toBeGreaterThanOrEqual(least)
        expect(fitted[name as ParameterName]).toBeLessThanOrEqual(most)
      }
    }
  })
})

it('all together take less than five minutes', () => {
  expect(labs.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(300)
})

it('the list says what each needs, and what is missing', () => {
  const { labs: listed } = listLabs(labs, { allowHostChanges: false })
  const full = listed.find(({ name }) => name === 'conntrack-full')
  expect(full).toMatchObject({
    expected: 'conntrack-table-full',
    tools: ['nft', 'conntrack'],
    hostSysctls: ['net.netfilter.nf_conntrack_max'],
    parameters: { max: 2000 }
  })
  expect(full?.unmet.join()).toContain('--allow-host-changes')
})
