import { describe, expect, it } from 'vitest'
import { acceptQueueOverflow } from '../../../../lib/checks/causes/accept_queue_overflow.js'
import { peerClosed } from '../../../../lib/checks/causes/peer_closed.js'
import { peerDescriptorLimit } from '../../../../lib/checks/causes/peer_descriptor_limit.js'
import { explaining, linesOf, listening, plateauSeries, rose, run, tally, watching } from '../fixtures.js'

const process = {
  pid: 4711,
  name: 'server',
  openFiles: 1024,
  nofileSoft: 1024,
  nofileHard: 1024,
  stopped: false
}
const listener = listening({ queued: 129, backlog: 128, dropped: 500, process })

describe('peer-descriptor-limit with the server on this host', () => {
  it('is proven by the open files of the server', () => {
    const verdict = peerDescriptorLimit.explain?.(
      watching({ listeners: [listener], deltas: rose({ 'TcpExt.ListenOverflows': 500 }) })
    )
    expect(verdict).toMatchObject({
      side: 'server',
      title:
        'server (pid 4711) has 1,024 of 1,024 descriptors open and accepts no more at 127.0.0.1:8100: 129 connections wait',
      events: 500,
      explains: expect.arrayContaining([acceptQueueOverflow])
    })
    expect(linesOf(verdict)[1]).toBe('prlimit --pid 4711 --nofile=1048576:1048576')
  })

  it('raises the soft limit to the hard limit when there is room', () => {
    const roomy = { ...listener, process: { ...process, nofileHard: 524_288 } }
    expect(linesOf(peerDescriptorLimit.explain?.(watching({ listeners: [roomy] })))[1]).toBe(
      'prlimit --pid 4711 --nofile=524288:524288'
    )
  })

  it('is proven by connections that do not stay: libuv closes those it cannot keep', () => {
    const shedding = { ...listener, queued: 0 }
    const title =
      'server (pid 4711) has 1,024 of 1,024 descriptors open and closes what comes to 127.0.0.1:8100 at once: 300 connections did not stay'
    const closed = run({ connections: { closedByPeer: 300 } })
    expect(
      peerDescriptorLimit.explain?.(explaining({ run: closed, peerIsHere: true, listeners: [shedding] }))
    ).toMatchObject({ title, events: 300, explains: expect.arrayContaining([peerClosed]) })
    const deltas = rose({ 'Tcp.PassiveOpens': 1300, 'Tcp.CurrEstab': 1000 })
    expect(peerDescriptorLimit.explain?.(watching({ listeners: [shedding], deltas }))).toMatchObject({
      title
    })
  })

  it('is silent for the process of the run itself, which uses other tables', () => {
    const context = { scenario: { targets: [] }, peerIsHere: true, listeners: [listener] }
    expect(peerDescriptorLimit.explain?.(explaining(context))).toBeNull()
  })

  it('is silent for a server at its limit whose connections end with the run', () => {
    const deltas = rose({ 'Tcp.PassiveOpens': 1000 })
    const listeners = [{ ...listener, queued: 0 }]
    expect(peerDescriptorLimit.explain?.(explaining({ peerIsHere: true, listeners, deltas }))).toBeNull()
  })

  it.each([
    ['a server that is merely slow', { ...listener, process: { ...process, openFiles: 200 } }],
    ['a server that keeps up at its limit', { ...listener, queued: 0 }],
    ['a process that cannot be inspected', { ...listener, process: null }]
  ])('is silent for %s', (_, candidate) => {
    expect(peerDescriptorLimit.explain?.(watching({ listeners: [candidate] }))).toBeNull()
  })
})

describe('peer-descriptor-limit with the server on another host', () => {
  const stuckAt = (held: number) =>
    run({
      connections: {
        requested: held + 5000,
        attempted: held + 900,
        established: held,
        failed: 900,
        peak: held
      },
      errors: [tally('timeout', 'ETIMEDOUT', 900)],
      series: plateauSeries(held)
    })

  it.each([
    [1013, '1,024', ''],
    [524_273, '524,288', ''],
    [1024 - 20 + 512, '1,024', ' with a full accept queue of 512']
  ])('is guessed from %i connections, and hides no other finding', (held, limit, queue) => {
    const verdict = peerDescriptorLimit.explain?.(explaining({ run: stuckAt(held) }))
    expect(verdict).toMatchObject({
      severity: 'info',
      title: expect.stringMatching(new RegExp(`looks like .* descriptor limit of ${limit}${queue}$`))
    })
    expect(verdict?.explains).toBeUndefined()
  })

  it('is not guessed for a process on this host', () => {
    const listeners = [listening({ process: { ...process, openFiles: 30 } })]
    const context = { run: stuckAt(1013), peerIsHere: true }
    expect(peerDescriptorLimit.explain?.(explaining({ ...context, listeners }))).toBeNull()
    expect(peerDescriptorLimit.explain?.(explaining({ ...context, scenario: { targets: [] } }))).toBeNull()
  })

  it.each([17_577, 5000, 28_232, 1000, 2000, 976])('is not guessed from %i connections', (held) => {
    expect(peerDescriptorLimit.explain?.(explaining({ run: stuckAt(held) }))).toBeNull()
  })

  it('requires failed handshakes', () => {
    const slow = run({
      connections: { requested: 9000, attempted: 1013, established: 1013 },
      series: plateauSeries(1013)
    })
    expect(peerDescriptorLimit.explain?.(explaining({ run: slow }))).toBeNull()
  })
})
