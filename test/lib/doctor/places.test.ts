import { homedir } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemPlaces } from '../../../lib/doctor/places.js'

afterEach(() => vi.unstubAllEnvs())

describe('the folder of the journal', () => {
  const unset = process.geteuid?.() === 0 ? '/var/lib/c1m-native' : `${homedir()}/.local/state/c1m-native`

  it.each([
    ['/run/state', '/run/state/c1m-native'],
    ['', unset],
    // "All paths must be absolute. If an implementation encounters a relative path it should [...] ignore it."
    ['state', unset]
  ])('with XDG_STATE_HOME=%s is %s', (value, folder) => {
    vi.stubEnv('XDG_STATE_HOME', value)
    expect(systemPlaces().stateFolder).toBe(folder)
  })
})
