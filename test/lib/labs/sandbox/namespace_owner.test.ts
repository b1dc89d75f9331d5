import { expect, it } from 'vitest'
import { namespaceName, ownerOf } from '../../../../lib/labs/sandbox/namespace_owner.js'

it('the owner of a namespace is in its name, and only in that of a lab', () => {
  const owner = { pid: 12, startTicks: 345 }
  expect(namespaceName(owner, '0-server')).toBe('c1mlab-12-345-0-server')
  expect(ownerOf('c1mlab-12-345-0-server')).toEqual(owner)
  expect(ownerOf('c1mlab-x')).toBeNull()
  expect(ownerOf('production')).toBeNull()
})
