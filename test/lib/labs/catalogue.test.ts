import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findingIds } from '../../../lib/checks/index.js'
import { labs } from '../../../lib/labs/catalogue.js'
import {
  defaultsOf,
  type ParameterName,
  resolveParameters,
  seriesNumbersOf
} from '../../../lib/labs/runner/lab_parameters.js'
import { listLabs } from '../../../lib/labs/runner/list_labs.js'

it('the catalogue has the lab of every incident file, under the name of the file', () => {
  const files = readdirSync(fileURLToPath(new URL('../../../lib/labs/incidents', import.meta.url)))
  const names = files
    .filter((file) => file !== 'index.ts')
    .map((file) => file.replace('.ts', '').replaceAll('_', '-'))
  expect(labs.map(({ name }) => name).sort()).toEqual(names.sort())
})

describe.each(labs.map((lab) => [lab.name, lab] as const))('the lab %s', (_, lab) => {
  it('expects a finding that exists', () => {
    if (lab.expected !== null) expect(findingIds).toContain(lab.expected)
  })

  it('has defaults within bounds, which are enough for the incident', () => {
    expect(resolveParameters(lab, {}, false)).toEqual({ ...defaultsOf(lab), ipv6: false })
    expect(resolveParameters(lab, seriesNumbersOf(lab), false)).toMatchObject(seriesNumbersOf(lab))
  })

  it('stays within bounds whatever numbers are given', () => {
    const ranges = Object.entries(lab.parameters)
    for (const bound of ['least', 'most'] as const) {
      const extremes = Object.fromEntries(ranges.map(([name, range]) => [name, range[bound]]))
      const fitted = resolveParameters(lab, extremes, true)
      for (const [name, { least, most }] of ranges) {
        expect(fitted[name as ParameterName]).toBeGreaterThanOrEqual(least)
        expect(fitted[name as ParameterName]).toBeLessThanOrEqual(most)
      }
    }
  })
})

it('all labs together take less than five minutes', () => {
  expect(labs.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(300)
})

it('the list says what each lab needs, and what this host lacks for it', () => {
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
