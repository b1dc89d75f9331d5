import { expect, it } from 'vitest'
import { spec } from '../../../lib/cli/options/lab.js'
import { labs } from '../../../lib/labs/catalogue.js'

it('names the labs there are', () => {
  expect(spec.words).toEqual(['list', 'run', 'clean', ...labs.map(({ name }) => name)])
})
