import { describe, expect, it } from 'vitest'
import type { ListenerFill } from '../../../lib/observe/listener_fill.js'
import { ListenerPeaks } from '../../../lib/watch/listener_peaks.js'

const listener = (address: string, queued: number, backlog = 10): ListenerFill => ({
  address,
  queued,
  backlog,
  process: null
})

describe('ListenerPeaks', () => {
  it('keep the fullest look and count the full ones', () => {
    const peaks = new ListenerPeaks()
    for (const queued of [3, 11, 11, 0]) peaks.note([listener('127.0.0.1:80', queued)])
    expect(peaks.all()).toEqual([
      { address: '127.0.0.1:80', sockets: 1, backlog: 10, mostQueued: 11, timesFull: 2 }
    ])
  })

  it('take sockets that share an address and a port for one listener', () => {
    const peaks = new ListenerPeaks()
    peaks.note([listener('*:80', 11), listener('*:80', 11), listener('*:81', 0)])
    expect(peaks.all()).toEqual([
      { address: '*:80', sockets: 2, backlog: 10, mostQueued: 11, timesFull: 1 },
      { address: '*:81', sockets: 1, backlog: 10, mostQueued: 0, timesFull: 0 }
    ])
  })
})
