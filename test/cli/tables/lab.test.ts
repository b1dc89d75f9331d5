import { expect, it } from 'vitest'
import { spec } from '../../../lib/cli/tables/lab.js'
import { labs } from '../../../lib/labs/index.js'

it('names the labs there are', () => {
  expect(spec.words).toEqual(['list', 'run', 'clean', ...labs.map(({ name }) => name)])
})
