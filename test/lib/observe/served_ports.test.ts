import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Noticed, SocketSurvey, UnreadSocket } from '../../../lib/engine/sockets.js'
import { ListenerLooks } from '../../../lib/observe/listener_fill.js'
import { ServedPorts } from '../../../lib/observe/served_ports.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const port = { port: 80, states: {}, synAckRetransmits: 0, accepted: 9, longestWaitSeconds: 0 }
const unread = (cookie: string, read: number, inode = 1): UnreadSocket => ({
  cookie,
  port: 80,
  inode,
  bytes: 5,
  read
})

async function note(served: ServedPorts, noticed: Partial<Noticed>, closeWait = { sockets: 0, old: 0 }) {
  const survey = { listeners: [], ports: [{ ...port, closeWait: { ...closeWait, oldUnread: 0 } }] }
  const looked = { unread: [], oldCloseWait: [], ...noticed }
  await served.note(survey as unknown as SocketSurvey, looked, new ListenerLooks())
  return served.ports[0]
}

describe('ServedPorts', () => {
  it('counts connections that nothing was read from for three seconds, accepted or not', async () => {
    const served = new ServedPorts()
    const all = [unread('a', 10), unread('b', 0), unread('c', 0, 0)]
    expect(await note(served, { unread: all })).toMatchObject({ stalled: { sockets: 0 } })
    vi.advanceTimersByTime(3000)
    expect(await note(served, { unread: all })).toMatchObject({
      accepted: 9,
      stalled: { sockets: 2, bytes: 10, seconds: 3 },
      unaccepted: { sockets: 1, bytes: 5, seconds: 3 },
      holder: null
    })
  })

  it('starts over for a connection that was read or had nothing to read', async () => {
    const served = new ServedPorts()
    await note(served, { unread: [unread('a', 10), unread('b', 0)] })
    vi.advanceTimersByTime(2000)
    await note(served, { unread: [unread('a', 12)] })
    vi.advanceTimersByTime(2000)
    expect(await note(served, { unread: [unread('a', 12), unread('b', 0)] })).toMatchObject({
      stalled: { sockets: 0, bytes: 0, seconds: 0 }
    })
  })

  it('keeps the number of half-closed connections of the first look', async () => {
    const served = new ServedPorts()
    await note(served, {}, { sockets: 2, old: 0 })
    expect(await note(served, {}, { sockets: 9, old: 4 })).toMatchObject({
      closeWait: { first: 2, now: 9, old: 4, oldUnread: 0 }
    })
  })
})
