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

  it('reads nothing into other texts', () => {
    expect(parseKernelVersion('linux')).toBeNull()
  })
})

describe('isAtLeast', () => {
  it.each([
    ['6.3.0', [6, 3], true],
    ['6.2.99', [6, 3], false],
    ['7.0.0', [6, 18], true],
    ['5.15.102', [5, 15, 103], false]
  ] as const)('%s against %j is %s', (release, wanted, expected) => {
    const version = parseKernelVersion(release)
    expect(version && isAtLeast(version, wanted[0], wanted[1], wanted[2])).toBe(expected)
  })
})

describe('holdsOnHost', () => {
  const kernel = { release: null, version: null, cpus: null }

  it('looks the bit up', () => {
    const lacksSysResource = { ...kernel, capabilities: '000001fffeffffff', initialUserNamespace: true }
    expect(holdsOnHost(lacksSysResource, capability.sysAdmin)).toBe(true)
    expect(holdsOnHost(lacksSysResource, capability.sysResource)).toBe(false)
  })

  it('gives nothing to root of another user namespace, and knows what it does not know', () => {
    const inNamespace = { ...kernel, capabilities: '000001ffffffffff', initialUserNamespace: false }
    expect(holdsOnHost(inNamespace, capability.sysAdmin)).toBe(false)
    expect(holdsOnHost({ ...inNamespace, capabilities: null }, capability.sysAdmin)).toBeNull()
  })
})
