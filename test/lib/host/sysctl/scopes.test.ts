import { describe, expect, it } from 'vitest'
import { managedSysctls, scopeOf } from '../../../../lib/doctor/sysctls.js'
import { deviceSysctl, isOfInitialNamespace, sysctlFile } from '../../../../lib/host/sysctl/scopes.js'

describe('the sysctl of a device', () => {
  it('leads to its file, dots in the name of the device included', () => {
    const name = deviceSysctl('net.ipv4.conf', 'eth0.100', 'rp_filter')
    expect(name).toBe('net.ipv4.conf.eth0/100.rp_filter')
    expect(sysctlFile(name)).toBe('net/ipv4/conf/eth0.100/rp_filter')
    expect(sysctlFile('net.core.somaxconn')).toBe('net/core/somaxconn')
  })
})

it('knows what belongs to the initial namespace, as the doctor does', () => {
  for (const name of managedSysctls)
    expect([name, isOfInitialNamespace(name)]).toEqual([name, scopeOf(name) === 'initial-namespace'])
})
