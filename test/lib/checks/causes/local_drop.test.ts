import { describe, expect, it } from 'vitest'
import { localDrop } from '../../../../lib/checks/causes/local_drop.js'
import { explaining, rose, run, tally, watching } from '../fixtures.js'

// Measured: 100 SYNs, each sent again three times, and all dropped in the hook output.
const unanswered = run({
  connections: { requested: 100, attempted: 100, established: 0, failed: 100 },
  errors: [tally('timeout', 'ETIMEDOUT', 100)]
})
const transmits = { 'Ip.OutTransmits': 0 }

it('local-drop names a rule when IP did not send packets', () => {
  const deltas = rose({ 'TcpExt.TCPSynRetrans': 300, 'TcpExt.TCPRetransFail': 300, 'Ip.OutRequests': 400 })
  const verdict = localDrop.explain?.(explaining({ run: unanswered, deltas, counters: transmits }))
  expect(verdict).toMatchObject({ severity: 'critical', side: 'client', events: 400 })
  expect(verdict?.title).toBe(
    'this host dropped 400 of its own packets before they left, SYNs among them: a rule of its firewall does that (output or postrouting)'
  )
  expect(verdict?.evidence).toContainEqual({ name: 'packets that IP did not send', before: null, after: 400 })
})

it('local-drop names the queue of a device when IP sent SYNs and TCP could not', () => {
  const sent = { 'Ip.OutRequests': 400, 'Ip.OutTransmits': 400 }
  const deltas = rose({ 'TcpExt.TCPSynRetrans': 300, 'TcpExt.TCPRetransFail': 280, ...sent })
  expect(localDrop.explain?.(explaining({ run: unanswered, deltas }))?.title).toContain(
    'the queue of a device does that'
  )
})

it('local-drop names neither when the kernel does not count sent packets', () => {
  const deltas = rose({ 'TcpExt.TCPSynRetrans': 300, 'TcpExt.TCPRetransFail': 280 })
  expect(localDrop.explain?.(explaining({ run: unanswered, deltas }))?.title).toContain(
    'a rule of its firewall, a traffic shaper, or a full device queue does that'
  )
})

it('local-drop counts SYNs that no device sent', () => {
  const tx = 'Device.eth0.TxPackets'
  const sent = (delta: number) => ({ [tx]: { before: 100, after: 100 + delta, delta } })
  const explain = (deltas: ReturnType<typeof sent> | Record<string, never>, peerIsHere = false) =>
    localDrop.explain?.(explaining({ run: unanswered, deltas, counters: { [tx]: 100 }, peerIsHere }))
  expect(explain({})).toMatchObject({ events: 100 })
  expect(explain(sent(60))).toMatchObject({ events: 40 })
  expect(explain(sent(95))).toBeNull()
  expect(explain({}, true)).toBeNull()
})

it('local-drop names a rule when IP received answers and did not deliver them', () => {
  const deltas = rose({ 'Ip.InReceives': 220, 'Ip.InDelivers': 20, 'TcpExt.TCPSynRetrans': 100 })
  expect(localDrop.explain?.(explaining({ run: unanswered, deltas }))).toMatchObject({
    severity: 'critical',
    side: 'client',
    events: 200,
    title: expect.stringContaining('as many as the answers that are missing')
  })
})

describe('local-drop is silent', () => {
  it.each([
    ['about drops that do not account for the loss', { 'Ip.OutRequests': 110, 'Ip.OutTransmits': 100 }],
    [
      'about packets to other programs that were lost on the way in',
      { 'Ip.InReceives': 150, 'Ip.InDelivers': 100 }
    ],
    [
      'about what is forwarded',
      { 'Ip.InReceives': 900, 'Ip.InDelivers': 100, 'Ip.ForwDatagrams': 800, 'Ip.OutTransmits': 800 }
    ],
    [
      'about what a router drops on its way',
      { 'Ip.InReceives': 900, 'Ip.ForwDatagrams': 600, 'Ip.OutTransmits': 600 }
    ],
    ['about packets that IPsec gave to IP twice', { 'Ip.OutRequests': 800, 'Ip.OutTransmits': 400 }],
    ['about far more than the answers can be', { 'Ip.InReceives': 9000 }],
    ['about IPv6 when IPv4 was dialed', { 'Ip6.InReceives': 900, 'Ip6.OutRequests': 900 }],
    ['about what the reverse path filter drops', { 'Ip.InReceives': 300, 'TcpExt.IPReversePathFilter': 300 }],
    [
      'about what connection tracking drops',
      {
        'TcpExt.TCPSynRetrans': 300,
        'TcpExt.TCPRetransFail': 300,
        'Ip.OutRequests': 400,
        'Conntrack.drop': 400
      }
    ]
  ])('%s', (_, rises) => {
    const deltas = rose(rises)
    const counters = { ...transmits, 'Ip6.OutTransmits': 0 }
    expect(localDrop.explain?.(explaining({ run: unanswered, deltas, counters }))).toBeNull()
  })

  it('in a healthy run and beside a server', () => {
    const deltas = rose({ 'TcpExt.TCPSynRetrans': 300, 'TcpExt.TCPRetransFail': 300, 'Ip.OutRequests': 400 })
    expect(localDrop.explain?.(explaining({ deltas, counters: transmits }))).toBeNull()
    expect(localDrop.explain?.(watching({ deltas, counters: transmits }))).toBeNull()
  })

  it('when packets wait for the next hop to answer', () => {
    const hop = { address: '198.18.10.9', device: 'eth0', target: '198.18.30.1', isOnlyWay: true }
    const rejections = { atOnce: 0, icmp: [], silentHop: hop }
    const counters = { 'Device.eth0.TxPackets': 100 }
    expect(localDrop.explain?.(explaining({ run: unanswered, counters, rejections }))).toBeNull()
  })
})
