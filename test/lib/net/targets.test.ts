import { describe, expect, it } from 'vitest'
import type { C1mError } from '../../../lib/base/errors.js'
import { isLoopback } from '../../../lib/net/address.js'
import {
  checkAuthorized,
  formatTarget,
  type LookupOptions,
  lookUpTargets,
  parseTarget,
  resolveTargets
} from '../../../lib/net/targets.js'
import { caught } from '../../helpers/caught.js'

describe('parseTarget', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1', 80, 80],
    ['192.168.2.120:8100-8119', '192.168.2.120', 8100, 8119],
    ['server.example.org:443', 'server.example.org', 443, 443],
    ['my_host:1-65535', 'my_host', 1, 65_535],
    ['[::1]:80', '::1', 80, 80],
    ['[fd00::1]:80-90', 'fd00::1', 80, 90],
    [' localhost:5-5 ', 'localhost', 5, 5]
  ])('reads %j', (text, host, firstPort, lastPort) => {
    expect(parseTarget(text, 'dial')).toEqual({ host, firstPort, lastPort })
    expect(parseTarget(text, 'listen')).toEqual({ host, firstPort, lastPort })
  })

  it.each([
    ['', 'is empty'],
    ['  ', 'is empty'],
    ['localhost', 'has no port'],
    ['localhost:', 'has no port'],
    ['[::1]', 'has no port'],
    [':80', 'has no host'],
    ['[]:80', 'has no host'],
    ['::1', 'has an IPv6 address without brackets'],
    ['::1:80', 'has an IPv6 address without brackets'],
    ['[::1:80', 'has an IPv6 address without brackets'],
    ['host:80:90', 'is not of the form host:port'],
    ['[::1]x:80', 'is not of the form host:port'],
    ['[host]:80', "has 'host' in brackets, which is not an IPv6 address"],
    ['[fe80::1%eth0]:80', "has 'fe80::1%eth0' in brackets, which is not an IPv6 address without a zone"],
    ['http://host:80', 'is a URL'],
    ['10.0.0.0/24:80', "has the host '10.0.0.0/24', which is neither a name nor an address"],
    ['a host:80', "has the host 'a host', which is neither a name nor an address"],
    ['host:http', "has the port 'http', which is not a number"],
    ['host:80x', "has the port '80x', which is not a number"],
    ['host:1.5', "has the port '1.5', which is not a number"],
    ['host:80-90-100', "has the port '90-100', which is not a number"],
    ['host:80-', 'has a port range with one end'],
    ['host:-80', 'has a port range with one end'],
    ['host:65536', 'has the port 65536, and ports end at 65535'],
    ['host:80-70000', 'has the port 70000, and ports end at 65535'],
    ['host:90-80', 'has a reversed port range: 90 is above 80'],
    ['host:0', 'has port 0, which nobody can listen on'],
    ['host:0-10', 'has port 0, which nobody can listen on']
  ])('refuses %j', (text, reason) => {
    const error = caught(() => parseTarget(text, 'dial')) as C1mError
    expect(error).toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: `target '${text}' ${reason}`,
      exitCode: 2
    })
    expect(error.hint).toMatch(/^(Write|Leave out) /)
  })

  it('shows how to write an IPv6 address', () => {
    expect(caught(() => parseTarget('fd00::1', 'dial'))).toMatchObject({ hint: 'Write [fd00::1]:port.' })
  })

  it('accepts port 0 for a listener, alone but not in a range', () => {
    expect(parseTarget('127.0.0.1:0', 'listen')).toEqual({ host: '127.0.0.1', firstPort: 0, lastPort: 0 })
    expect(caught(() => parseTarget('127.0.0.1:0-9', 'listen'))).toMatchObject({
      message: "target '127.0.0.1:0-9' has a range from port 0, which means a port of the kernel's choice"
    })
  })
})

describe('resolveTargets', () => {
  it('keeps the host as written next to its address', async () => {
    const [target] = await resolveTargets(['localhost:80-81'], 'dial')
    expect(target).toMatchObject({ host: 'localhost', firstPort: 80, lastPort: 81 })
    expect(isLoopback(target?.address ?? '')).toBe(true)
  })

  it('writes numeric addresses canonically', async () => {
    const targets = await resolveTargets(['[::FFFF:10.0.0.1]:80', '10.0.0.2:80'], 'dial')
    expect(targets.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  it('names a host that has no address', async () => {
    await expect(resolveTargets(['no..such.invalid:80'], 'dial')).rejects.toMatchObject({
      code: 'C1M_TARGET_UNRESOLVED',
      message: expect.stringMatching(/^the name 'no\.\.such\.invalid' has no address \(E[A-Z_]+\)$/),
      hint: expect.stringContaining('getent hosts no..such.invalid'),
      cause: expect.any(Error),
      exitCode: 4
    })
  })

  it.each([
    ['0.0.0.0:80', 'means any address'],
    ['[::]:80', 'means any address'],
    ['224.0.0.1:80', 'stands for many hosts'],
    ['255.255.255.255:80', 'stands for many hosts'],
    ['[ff02::1]:80', 'stands for many hosts']
  ])('refuses to dial %s', async (text, reason) => {
    await expect(resolveTargets([text], 'dial')).rejects.toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: expect.stringContaining(reason)
    })
  })

  it('lists the addresses of a name that it leaves out', async () => {
    const { targets, otherAddresses } = await lookUpTargets(['localhost:80', 'localhost:81'], 'dial')
    expect(targets).toHaveLength(2)
    expect([targets[0]?.address, ...(otherAddresses[0]?.addresses ?? [])]).toContain('127.0.0.1')
    expect(otherAddresses.length).toBeLessThan(2)
    expect((await lookUpTargets(['127.0.0.1:80'], 'dial')).otherAddresses).toEqual([])
  })

  it('uses an address only once when several names have it', async () => {
    const options: LookupOptions = { addresses: 'all', family: () => 4 }
    const targets = await resolveTargets(['localhost:80', '127.0.0.1:80', 'localhost:81'], 'dial', options)
    expect(targets.map(({ address, firstPort }) => `${address}:${firstPort}`)).toEqual([
      '127.0.0.1:80',
      '127.0.0.1:81'
    ])
    await expect(resolveTargets(['localhost:80', '127.0.0.1:80'], 'dial')).rejects.toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: expect.stringContaining('overlap')
    })
  })

  it('accepts any address for a listener', async () => {
    expect(await resolveTargets(['0.0.0.0:0', '[::]:0'], 'listen')).toHaveLength(2)
  })

  it('refuses different families in one dial', async () => {
    await expect(resolveTargets(['127.0.0.1:80', '[::1]:80'], 'dial')).rejects.toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: "targets mix IPv4 and IPv6: '127.0.0.1:80' is 127.0.0.1, '[::1]:80' is ::1"
    })
  })

  it('refuses targets that overlap, which would dial the same tuple twice', async () => {
    await expect(
      resolveTargets(['127.0.0.1:85', '10.0.0.1:85', '127.0.0.1:80-90'], 'dial')
    ).rejects.toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: "targets '127.0.0.1:80-90' and '127.0.0.1:85' overlap at 127.0.0.1:85"
    })
    expect(await resolveTargets(['127.0.0.1:80-89', '127.0.0.1:90', '10.0.0.1:80'], 'dial')).toHaveLength(3)
    expect(await resolveTargets(['127.0.0.1:0', '127.0.0.1:0'], 'listen')).toHaveLength(2)
  })
})

it('formatTarget writes a target as the user wrote it', () => {
  const texts = ['localhost:80', '127.0.0.1:80-90', '[::1]:80', '[fd00::1]:80-90']
  expect(texts.map((text) => formatTarget(parseTarget(text, 'dial')))).toEqual(texts)
})

describe('checkAuthorized', () => {
  const target = (address: string, host = address) => [{ host, address, firstPort: 443, lastPort: 443 }]

  it.each(['127.0.0.1', '::1', '10.1.2.3', '192.168.2.120', 'fd00::1', '198.18.0.1', '100.64.1.1'])(
    'allows anyone to dial %s',
    (address) => {
      expect(() => checkAuthorized(target(address), false)).not.toThrow()
    }
  )

  it('refuses a public target, and names it as written and by address', () => {
    expect(
      caught(() => checkAuthorized([...target('127.0.0.1'), ...target('8.8.8.8', 'example.org')], false))
    ).toMatchObject({
      code: 'C1M_AUTHORIZATION_REQUIRED',
      message: "target 'example.org:443' (8.8.8.8) is neither loopback nor private",
      hint: expect.stringContaining('add authorized: true.'),
      exitCode: 2
    })
    expect(caught(() => checkAuthorized(target('2001:db8::1'), false))).toMatchObject({
      message: "target '[2001:db8::1]:443' is neither loopback nor private"
    })
  })

  it('accepts a public target with authorized: true', () => {
    expect(() => checkAuthorized(target('8.8.8.8'), true)).not.toThrow()
  })
})
