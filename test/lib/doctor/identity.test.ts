import { expect, it } from 'vitest'
import { difference, readIdentity } from '../../../lib/doctor/identity.js'
import { systemPlaces } from '../../../lib/doctor/places.js'
import { fakeRoot } from '../host/fake_root.js'

it('knows this host from any other', () => {
  const here = readIdentity(systemPlaces())
  expect(here.bootId).toMatch(/^[0-9a-f-]{36}$/)
  expect(here.netNamespace).toMatch(/^net:\[\d+\]$/)
  expect(difference(here, readIdentity(systemPlaces()))).toBeNull()
  expect(difference(here, { ...here, machineId: 'x' })).toContain('another host')
})

it('is unknown where nothing can be read', () => {
  const nothing = fakeRoot({})
  const places = { procRoot: nothing, sysRoot: nothing, etcRoot: nothing, stateFolder: nothing }
  expect(readIdentity(places)).toEqual({ machineId: null, bootId: null, netNamespace: null })
})
