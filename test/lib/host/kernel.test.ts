import { describe, expect, it } from 'vitest'
import { capability, holdsOnHost, isAtLeast, parseKernelVersion } from '../../../lib/host/kernel.js'

describe('parseKernelVersion', () => {
  it.each([
    ['6.18.44-fc-v657', { major: 6, minor: 18, patch: 44 }],
    ['5.15.0-97-generic', { major: 5, minor: 15, patch: 0 }],
    ['7.0-rc3', { major: 7, minor: 0, patch: 0 }]
  ])('reads %s', (release, version) => {
    expect(parseKernelVersion(release)).toEqual(version)
  })

  it('returns null for other texts', () => {
    expect(parseKernelVersion('linux')).toBeNull()
  })
})

describe('isAtLeast', () => {
  it.each([
    ['6.3.0', [6, 3], true],
    ['6.2.99', [6, 3], false],
    ['7.0.0', [6, 18], true],
    ['5.15.102', [5, 15, 103], false]
  ] as const)('for %s and %j is %s', (release, wanted, expected) => {
    const version = parseKernelVersion(release)
    expect(version && isAtLeast(version, wanted[0], wanted[1], wanted[2])).toBe(expected)
  })
})

describe('holdsOnHost', () => {
  const kernel = { release: null, version: null, cpus: null }

  it('looks up the capability bit', () => {
    const lacksSysResource = { ...kernel, capabilities: '000001fffeffffff', initialUserNamespace: true }
    expect(holdsOnHost(lacksSysResource, capability.sysAdmin)).toBe(true)
    expect(holdsOnHost(lacksSysResource, capability.sysResource)).toBe(false)
  })

  it('is false for root of another user namespace, and null when unknown', () => {
    const inNamespace = { ...kernel, capabilities: '000001ffffffffff', initialUserNamespace: false }
    expect(holdsOnHost(inNamespace, capability.sysAdmin)).toBe(false)
    expect(holdsOnHost({ ...inNamespace, capabilities: null }, capability.sysAdmin)).toBeNull()
  })
})
