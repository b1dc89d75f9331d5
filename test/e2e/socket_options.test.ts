/** Socket options on both ends of real connections, as ss(8) shows them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { heldBy, listenIn } from '../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

describe.skipIf(!mayMakeNamespaces)('a socket option', () => {
  let namespace: Namespace
  beforeAll(async () => {
    namespace = await Namespace.create()
  })
  afterAll(() => namespace[Symbol.dispose]())

  /** What ss shows of the connections of a dial with `args`, one per line: first the dialed ends. */
  async function dialed(...args: string[]): Promise<string[]> {
    await using _held = await heldBy(namespace, '-c', '3', '-s', '127.0.5.1', ...args)
    return socketsOf('src 127.0.5.1')
  }

  /** The same for connections that a listener with `args` has accepted. */
  async function accepted(...args: string[]): Promise<string[]> {
    await using _listening = await listenIn(namespace, '127.0.6.1:8100', ...args)
    await using _held = await heldBy(namespace, '127.0.6.1:8100', '-c', '3')
    return socketsOf('src 127.0.6.1')
  }

  function socketsOf(filter: string): string[] {
    const shown = namespace.run('ss', '-HOtnoemi', '--tos', 'state', 'established', filter)
    return shown.split('\n').filter((line) => line !== '')
  }

  it('is left to the kernel when it is not given', async () => {
    const lines = await dialed()
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(line).not.toMatch(/timer:|fwmark:|tos:0x[1-9a-f]|%/)
  })

  it('keepaliveMs starts the keepalive timer at both ends', async () => {
    for (const ends of [await dialed('--keepalive', '20s'), await accepted('--keepalive', '20s')]) {
      expect(ends).toHaveLength(3)
      for (const line of ends) expect(line).toMatch(/timer:\(keepalive,(20sec|1[5-9](\.\d+)?sec),0\)/)
    }
  })

  it('rcvbufBytes sets the receive buffer at both ends, doubled as the kernel does', async () => {
    for (const ends of [await dialed('--rcvbuf', '8KiB'), await accepted('--rcvbuf', '8KiB')]) {
      expect(ends).toHaveLength(3)
      for (const line of ends) expect(line).toContain(',rb16384,')
    }
  })

  it('sndbufBytes sets the send buffer at both ends, doubled as the kernel does', async () => {
    for (const ends of [await dialed('--sndbuf', '16KiB'), await accepted('--sndbuf', '16KiB')]) {
      expect(ends).toHaveLength(3)
      for (const line of ends) expect(line).toContain(',tb32768,')
    }
  })

  it('tos marks the packets of both ends, in IPv4 and in IPv6', async () => {
    for (const ends of [await dialed('--tos', '0xb8'), await accepted('--tos', '0xb8')]) {
      expect(ends).toHaveLength(3)
      for (const line of ends) expect(line).toMatch(/ tos:0xb8 /)
    }
    await using _listening = await listenIn(namespace, '[::1]:8100')
    await using _held = await heldBy(namespace, '[::1]:8100', '-c', '3', '--tos', '184')
    const ends = socketsOf('dst [::1]:8100')
    expect(ends).toHaveLength(3)
    for (const line of ends) expect(line).toMatch(/ tclass:0xb8 /)
  })

  it('mark marks the sockets of both ends', async () => {
    for (const ends of [await dialed('--mark', '0xfffffffe'), await accepted('--mark', '0xfffffffe')]) {
      expect(ends).toHaveLength(3)
      for (const line of ends) expect(line).toContain('fwmark:0xfffffffe')
    }
  })

  it('device binds both ends to the device, and its address becomes the source', async () => {
    using server = await Namespace.create()
    connectNamespaces(namespace, '198.18.40.1/24', server, '198.18.40.2/24', 'veth40')
    await using _listening = await listenIn(server, '198.18.40.2:8100', '--device', 'veth40')
    await using _held = await heldBy(namespace, '198.18.40.2:8100', '-c', '3', '--device', 'veth40')
    const dialed = socketsOf('dst 198.18.40.2')
    expect(dialed).toHaveLength(3)
    for (const line of dialed) expect(line).toContain(' 198.18.40.1%veth40:')
    const accepted = server.run('ss', '-HOtn', 'state', 'established').trim().split('\n')
    expect(accepted).toHaveLength(3)
    for (const line of accepted) expect(line).toContain(' 198.18.40.2%veth40:8100')
  })

  it('device is refused when no device has that name', async () => {
    expect(await namespace.cli('dial', '-c', '1', '--device', 'nosuch0')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--device is 'nosuch0'")
    })
  })
})
