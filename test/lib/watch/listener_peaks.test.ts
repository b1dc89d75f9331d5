import { describe, expect, it } from 'vitest'
import type { ListenerFill } from '../../../lib/observe/listener_fill.js'
import { ListenerPeaks } from '../../../lib/watch/listener_peaks.js'
import { listening } from '../checks/fixtures.js'

const listener = (address: string, queued: number, dropped: number | null = 0): ListenerFill =>
  listening({ address, queued, backlog: 10, dropped })

describe('ListenerPeaks', () => {
  it('keep the fullest state, and count the full queues', () => {
    const peaks = new ListenerPeaks()
    for (const queued of [3, 11, 11, 0]) peaks.note([listener('127.0.0.1:80', queued)])
    expect(peaks.all()).toEqual([
      { address: '127.0.0.1:80', sockets: 1, backlog: 10, mostQueued: 11, timesFull: 2, dropped: 0 }
    ])
  })

  it('treat sockets that share an address and a port as one listener', () => {
    const peaks = new ListenerPeaks()
    peaks.note([listener('*:80', 11), listener('*:80', 11), listener('*:81', 0)])
    expect(peaks.all()).toEqual([
      { address: '*:80', sockets: 2, backlog: 10, mostQueued: 11, timesFull: 1, dropped: 0 },
      { address: '*:81', sockets: 1, backlog: 10, mostQueued: 0, timesFull: 0, dropped: 0 }
    ])
  })

  it('sum the drops of the sockets, and are null when the kernel does not report them', () => {
    const peaks = new ListenerPeaks()
    peaks.note([listener('*:80', 0, 3), listener('*:80', 0, 4), listener('*:81', 0, null)])
    expect(peaks.all().map(({ dropped }) => dropped)).toEqual([7, null])
  })

  it('keep the drops of a server that was restarted', () => {
    const peaks = new ListenerPeaks()
    for (const dropped of [7, 0]) peaks.note([listener('*:80', 0, dropped)])
    expect(peaks.all()).toMatchObject([{ dropped: 7 }])
  })
})
