import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { counterDeltas, isHostWide, readCounters } from '../../../lib/host/counters.js'
import { fakeRoot } from './fake_root.js'

const read = (files: Record<string, string>) => readCounters({ procRoot: fakeRoot(files) })

describe('readCounters', () => {
  it('reads the same values as the files of this host', () => {
    const counters = readCounters()
    const names = readFileSync('/proc/net/netstat', 'latin1').split('\n')[0]?.split(' ').slice(1) ?? []
    expect(names.length).toBeGreaterThan(50)
    for (const name of names) expect(counters).toHaveProperty([`TcpExt.${name}`])
    expect(counters).toHaveProperty(['Tcp.ActiveOpens'])
    expect(counters).toHaveProperty(['Sockstat.TCP.inuse'])
    expect(counters).toHaveProperty(['Softnet.dropped'])
  })

  it('pairs names and values by group', () => {
    expect(
      read({
        'net/snmp': 'Tcp: RtoMin MaxConn OutRsts\nTcp: 200 -1 8600900\nUdp: InDatagrams\nUdp: 23\n',
        'net/netstat': 'TcpExt: TW PAWSTimewait\nTcpExt: 4 52\n',
        'net/snmp6': 'Ip6InReceives                   \t1\nIcmp6OutType143 \t3\n'
      })
    ).toEqual({
      'Tcp.RtoMin': 200,
      'Tcp.MaxConn': -1,
      'Tcp.OutRsts': 8600900,
      'Udp.InDatagrams': 23,
      'TcpExt.TW': 4,
      'TcpExt.PAWSTimewait': 52,
      'Ip6.InReceives': 1,
      'Icmp6.OutType143': 3
    })
  })

  it('reads socket counts of both families', () => {
    expect(
      read({
        'net/sockstat': 'sockets: used 13\nTCP: inuse 1 orphan 0 tw 7 alloc 1 mem 50\n',
        'net/sockstat6': 'TCP6: inuse 2\n'
      })
    ).toEqual({
      'Sockstat.sockets.used': 13,
      'Sockstat.TCP.inuse': 1,
      'Sockstat.TCP.orphan': 0,
      'Sockstat.TCP.tw': 7,
      'Sockstat.TCP.alloc': 1,
      'Sockstat.TCP.mem': 50,
      'Sockstat.TCP6.inuse': 2
    })
  })

  it('sums conntrack statistics over CPUs, except the entries, and reads chainlength as chaintoolong', () => {
    expect(
      read({
        'net/stat/nf_conntrack':
          'entries  clashres chainlength insert_failed drop\n' +
          '000003e8  00000000 0000000a 0000000b 000001f4\n'.repeat(4)
      })
    ).toEqual({
      'Conntrack.entries': 1000,
      'Conntrack.clashres': 0,
      'Conntrack.chaintoolong': 40,
      'Conntrack.insert_failed': 44,
      'Conntrack.drop': 2000
    })
  })

  it('leaves chaintoolong out on kernels without that column', () => {
    const counters = read({
      'net/stat/nf_conntrack': 'entries  delete_list drop\n00000001 00000002 00000003\n'
    })
    expect(counters).toEqual({ 'Conntrack.entries': 1, 'Conntrack.delete_list': 2, 'Conntrack.drop': 3 })
  })

  it('sums packet drops over CPUs', () => {
    const line = '0081 00000010 00000090 0 0 0 0 0 0 0 00000002 0 0\n'
    expect(read({ 'net/softnet_stat': line + line })).toEqual({
      'Softnet.processed': 0x102,
      'Softnet.dropped': 0x20,
      'Softnet.timeSqueeze': 0x120,
      'Softnet.flowLimit': 4
    })
  })

  it('reads what each device sent, except loopback', () => {
    const line = (name: string, sent: number) => ` ${name}: 5000 50 0 0 0 0 0 0 9000 ${sent} 1 2 0 0 0 0\n`
    const table = `Inter-| Receive\n face |bytes packets\n${line('lo', 7)}${line('eth0', 90)}${line('c1m-0', 4)}`
    const counted = read({ 'net/dev': table })
    expect(counted).toMatchObject({ 'Device.eth0.TxPackets': 90, 'Device.c1m-0.TxPackets': 4 })
    expect(counted).not.toHaveProperty('Device.lo.TxPackets')
    const many = Array.from({ length: 65 }, (_, i) => line(`veth${i}`, 1)).join('')
    expect(read({ 'net/dev': many })).not.toHaveProperty('Device.veth0.TxPackets')
  })

  it('sums what devices received and dropped', () => {
    const columns = 'bytes    packets errs drop fifo frame compressed multicast'
    expect(
      read({
        'net/dev':
          `Inter-|   Receive     |  Transmit\n face |${columns}|${columns}\n` +
          '    lo: 6673904  155205    0 299007    0     0          0         0      558       7    0    9    0     0       0          0\n' +
          '  eth0:     100       5    0      3    0     0          0         0        0       0    0    0    0     0       0          0\n'
      })
    ).toMatchObject({ 'Devices.rxPackets': 155_210, 'Devices.rxDropped': 299_010 })
  })

  it('leaves out malformed lines', () => {
    expect(
      read({
        'net/snmp': 'Tcp: A B\nTcp: 1\nIp: C\nUdp: 1\nIcmp: D E\nIcmp: 5 x\n',
        'net/netstat': 'TcpExt:',
        'net/sockstat': 'TCP: inuse many\nnonsense\n',
        'net/stat/nf_conntrack': 'entries drop\n1 zz\n',
        'net/dev': 'lo: 1 2 3\n',
        'net/softnet_stat': '\n'
      })
    ).toEqual({ 'Icmp.D': 5, 'Conntrack.entries': 1 })
  })

  it('is empty when no file can be read', () => {
    expect(read({})).toEqual({})
  })
})

describe('isHostWide', () => {
  it.each([
    ['Sockstat.TCP.orphan', true],
    ['Sockstat.TCP.mem', true],
    ['Sockstat.TCP.alloc', true],
    ['Sockstat.TCP.tw', false],
    ['Sockstat.TCP.inuse', false],
    ['Softnet.dropped', true],
    ['Neigh4.table_fulls', true],
    ['Devices.rxDropped', false],
    ['TcpExt.TCPAbortOnMemory', false]
  ] as const)('for %s is %s', (name, hostWide) => {
    expect(isHostWide(name)).toBe(hostWide)
  })
})

describe('counterDeltas', () => {
  const delta = (name: string, before: number, after: number) =>
    counterDeltas({ [name]: before }, { [name]: after })[name]?.delta

  it('keeps counters that moved, with both values', () => {
    expect(
      counterDeltas(
        { 'TcpExt.ListenDrops': 3, 'Tcp.OutRsts': 5 },
        { 'TcpExt.ListenDrops': 10, 'Tcp.OutRsts': 5 }
      )
    ).toEqual({ 'TcpExt.ListenDrops': { before: 3, after: 10, delta: 7 } })
  })

  it('leaves out counters known at one end only', () => {
    expect(counterDeltas({ a: 1 }, { b: 2 })).toEqual({})
  })

  it('allows gauges to fall', () => {
    expect(delta('Sockstat.TCP.tw', 100, 40)).toBe(-60)
    expect(delta('Tcp.CurrEstab', 9, 0)).toBe(-9)
    expect(delta('Conntrack.entries', 1000, 10)).toBe(-990)
  })

  it('handles the wrap of 32-bit and 64-bit counters', () => {
    expect(delta('Conntrack.drop', 0xffff_fff0, 16)).toBe(32)
    // Two CPUs, one of which wrapped.
    expect(delta('Softnet.processed', 0xffff_fff0 + 100, 16 + 101)).toBe(33)
    expect(delta('IpExt.InOctets', 2 ** 64 - 2 ** 20, 2 ** 20)).toBe(2 ** 21)
  })

  it('leaves out a counter that was reset', () => {
    expect(delta('Softnet.dropped', 1000, 10)).toBeUndefined()
    expect(delta('TcpExt.ListenDrops', 1000, 10)).toBeUndefined()
  })

  it('is exact to a double above 2^53', () => {
    expect(delta('IpExt.InOctets', 2 ** 60, 2 ** 60 + 2 ** 40)).toBe(2 ** 40)
  })
})
