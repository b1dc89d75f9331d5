import { describe, expect, it } from 'vitest'
import type { ListeningSocket } from '../../../lib/engine/sockets.js'
import { isExhausted, ListenerLooks, portOf } from '../../../lib/observe/listener_fill.js'

const socket = (changes: Partial<ListeningSocket>): ListeningSocket => ({
  address: '127.0.0.1:80',
  queued: 0,
  backlog: 5,
  // An inode of no process.
  inode: 1,
  drops: 0,
  ...changes
})

describe('ListenerLooks', () => {
  it('count the drops of each socket from the first look on', async () => {
    const looks = new ListenerLooks()
    expect(await looks.look([socket({ drops: 7 })])).toMatchObject([{ dropped: 0 }])
    expect(await looks.look([socket({ drops: 9 }), socket({ inode: 2, drops: 3 })])).toMatchObject([
      { dropped: 2 },
      { dropped: 3 }
    ])
  })

  it('count from the sockets that existed before', async () => {
    const looks = new ListenerLooks([socket({ drops: 7 })])
    expect(await looks.look([socket({ drops: 9 }), socket({ inode: 2, drops: 3 })])).toMatchObject([
      { dropped: 2 },
      { dropped: 3 }
    ])
  })

  it('continue when the counter wraps', async () => {
    const looks = new ListenerLooks([socket({ drops: 2 ** 32 - 1 })])
    expect(await looks.look([socket({ drops: 4 })])).toMatchObject([{ dropped: 5 }])
  })

  it('report null when the kernel does not report drops', async () => {
    const looks = new ListenerLooks()
    await looks.look([socket({ drops: null })])
    expect(await looks.look([socket({ drops: null })])).toMatchObject([{ dropped: null }])
  })

  it('keep the fullest state of each socket', async () => {
    const looks = new ListenerLooks()
    for (const queued of [2, 6]) await looks.look([socket({ queued })])
    expect(await looks.look([socket({ queued: 1 }), socket({ inode: 2 })])).toMatchObject([
      { queued: 1, mostQueued: 6 },
      { queued: 0, mostQueued: 0 }
    ])
  })

  it('return the requested sockets', async () => {
    const looks = new ListenerLooks()
    const found = await looks.look([socket({}), socket({ inode: 2 })], ({ inode }) => inode === 2)
    expect(found.map(({ inode }) => inode)).toEqual([2])
  })
})

describe('a listener', () => {
  it('has a port', () => {
    expect(portOf({ address: '[::]:8100' })).toBe(8100)
  })

  it.each([
    [1021, false],
    [1022, true],
    [1024, true]
  ])('with %i of 1024 descriptors open is exhausted: %s', (openFiles, expected) => {
    const owner = { pid: 1, name: 'server', nofileSoft: 1024, nofileHard: 1024, stopped: false }
    expect(isExhausted({ ...owner, openFiles })).toBe(expected)
  })
})
