import { describe, expect, it } from 'vitest'
import { isLoopback } from '../../../lib/net/address.js'
import { formatTarget } from '../../../lib/net/target.js'
import {
  checkAuthorized,
  type LookupOptions,
  lookUpTargets,
  resolveTargets
} from '../../../lib/net/targets.js'
import { checkZones } from '../../../lib/net/zones.js'
import { caught } from '../../helpers/caught.js'

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
      message: expect.stringMatching(
        /^the name 'no\.\.such\.invalid' (has no address|cannot be looked up: .+) \(E[A-Z_]+\)$/
      ),
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

it('writes a target as it was written', async () => {
  const texts = ['localhost:80', '10.0.0.1:80-90']
  expect((await resolveTargets(texts, 'dial')).map(formatTarget)).toEqual(texts)
  const six = ['[::1]:80', '[fd00::1]:80-90']
  expect((await resolveTargets(six, 'dial')).map(formatTarget)).toEqual(six)
})

describe('a target of several ports', () => {
  it('is as many targets, of one look-up', async () => {
    const { targets, otherAddresses } = await lookUpTargets(['localhost:80,90-91'], 'dial')
    expect(targets.map(formatTarget)).toEqual(['localhost:80', 'localhost:90-91'])
    expect(new Set(targets.map(({ address }) => address)).size).toBe(1)
    expect(otherAddresses.length).toBeLessThan(2)
  })

  it('has each port once', async () => {
    await expect(resolveTargets(['127.0.0.1:80,80-81'], 'dial')).rejects.toMatchObject({
      message: "targets '127.0.0.1:80' and '127.0.0.1:80-81' overlap at 127.0.0.1:80"
    })
  })
})

describe('an address that means any', () => {
  it.each([
    ['0.0.0.0:80-81', 'Write 127.0.0.1:80-81 for a server on this host.'],
    ['[::]:80', 'Write [::1]:80 for a server on this host.']
  ])('is not dialed, and %s says what would be', async (text, hint) => {
    await expect(resolveTargets([text], 'dial')).rejects.toMatchObject({ hint })
  })
})

describe('link-local targets', () => {
  const found = (texts: string[], device?: string) => lookUpTargets(texts, 'dial', { device })

  it('name the device of the run, and keep the address without it', async () => {
    const { targets, device } = await found(['[fe80::1%eth0]:80', '[fe80::2%eth0]:80-81'])
    expect(device).toBe('eth0')
    expect(targets.map(({ address }) => address)).toEqual(['fe80::1', 'fe80::2'])
    expect(targets.map(formatTarget)).toEqual(['[fe80::1%eth0]:80', '[fe80::2%eth0]:80-81'])
  })

  it('may leave the device to the option', async () => {
    expect((await found(['[fe80::1]:80'], 'eth0')).device).toBe('eth0')
    expect((await found(['[fe80::1%eth0]:80'], 'eth0')).device).toBe('eth0')
  })

  it.each([
    [
      ['[fe80::1]:80'],
      undefined,
      "target '[fe80::1]:80' is link-local, and its device is missing",
      'Write [fe80::1%eth0]:80, with the device that leads there, or name that with device.'
    ],
    [
      ['[fe80::1%eth0]:80', '[fe80::1%eth1]:81'],
      undefined,
      "targets name the devices 'eth0' and 'eth1', and a run uses one",
      'Use a run for each device.'
    ],
    [
      ['[fe80::1%eth0]:80'],
      'eth1',
      "targets name the device 'eth0', and device is 'eth1'",
      'Leave out device.'
    ],
    [
      ['[fe80::1%eth0]:80', '[fd00::1]:80'],
      undefined,
      "target '[fd00::1]:80' is not link-local, and a run with link-local targets uses their device, 'eth0', alone",
      'Use a run for each.'
    ]
  ])('%j with the device %j are refused', async (texts, device, message, hint) => {
    await expect(found(texts, device)).rejects.toMatchObject({ code: 'C1M_TARGET_INVALID', message, hint })
  })

  it('are refused where the device is none of this host', () => {
    const target = { host: 'fe80::1%none0', address: 'fe80::1', firstPort: 80, lastPort: 80 }
    expect(caught(() => checkZones([target]))).toMatchObject({
      message: "target '[fe80::1%none0]:80' names the device 'none0', and this host has no such device",
      hint: expect.stringMatching(/^Its devices are .*\blo\b.*\.$/)
    })
    expect(() =>
      checkZones([
        { ...target, host: 'fe80::1%lo' },
        { ...target, host: 'fe80::1' }
      ])
    ).not.toThrow()
  })
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
