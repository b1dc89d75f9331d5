import { describe, expect, it } from 'vitest'
import { managedSysctls, scopeOf } from '../../../../lib/doctor/sysctls.js'
import { deviceSysctl, isOfInitialNamespace, sysctlFile } from '../../../../lib/host/sysctl/scopes.js'

describe('the path of a sysctl', () => {
  it('is correct for a device with dots in its name', () => {
    const name = deviceSysctl('net.ipv4.conf', 'eth0.100', 'rp_filter')
    expect(name).toBe('net.ipv4.conf.eth0/100.rp_filter')
    expect(sysctlFile(name)).toBe('net/ipv4/conf/eth0.100/rp_filter')
    expect(sysctlFile('net.core.somaxconn')).toBe('net/core/somaxconn')
  })
})

it('sysctls of the initial namespace are the same for labs and the doctor', () => {
  for (const name of managedSysctls)
    expect([name, isOfInitialNamespace(name)]).toEqual([name, scopeOf(name) === 'initial-namespace'])
})
