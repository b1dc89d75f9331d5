import { expect, it } from 'vitest'
import { labs } from '../../../../lib/labs/catalogue.js'
import type { Lab } from '../../../../lib/labs/runner/lab_definition.js'
import { quickest } from '../../../../lib/labs/runner/self_test.js'

const lab = (name: string, expected: Lab['expected'], seconds: number) =>
  ({ name, expected, seconds }) as unknown as Lab

it('the test of a finding is its quickest lab, if that is quick', () => {
  const chosen = quickest([
    lab('long', 'syn-loss', 20),
    lab('short', 'syn-loss', 10),
    lab('healthy', null, 5),
    lab('endless', 'tcp-memory', 82)
  ])
  expect([...chosen].map(([id, { name }]) => `${id} by ${name}`)).toEqual(['syn-loss by short'])
})

it('every finding that has a lab has a quick one', () => {
  const expected = labs.flatMap((one) => one.expected ?? [])
  expect([...quickest(labs).keys()].sort()).toEqual([...new Set(expected)].sort())
})
