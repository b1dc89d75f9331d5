import { expect, it } from 'vitest'
import { hostPaths } from '../../../../lib/host/sysctl/host_journal.js'
import { difference, readIdentity } from '../../../../lib/host/sysctl/identity.js'
import { fakeRoot } from '../fake_root.js'

it('the identity of this host differs from any other', () => {
  const here = readIdentity(hostPaths)
  expect(here.bootId).toMatch(/^[0-9a-f-]{36}$/)
  expect(here.netNamespace).toMatch(/^net:\[\d+\]$/)
  expect(difference(here, readIdentity(hostPaths))).toBeNull()
  expect(difference(here, { ...here, machineId: 'x' })).toContain('another host')
})

it('the identity of a host is unknown when nothing can be read', () => {
  const nothing = fakeRoot({})
  expect(readIdentity({ procRoot: nothing, etcRoot: nothing })).toEqual({
    machineId: null,
    bootId: null,
    netNamespace: null
  })
})
