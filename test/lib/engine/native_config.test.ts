/** The addon refuses unsafe configurations; see native/binding/run_options.cc. */

import { describe, expect, it } from 'vitest'
import { native } from '../../../lib/engine/native.js'
import type { NativeRun } from '../../../lib/engine/native_run.js'
import { dialing, listening, missingDevice, small } from '../../helpers/native_config.js'
import { createRun } from '../../helpers/native_run.js'

const refusedSocketOptions: [string, unknown, string][] = [
  ['socket options that are no list', undefined, 'socketOptions must be an array'],
  ['a socket option of null', [null], 'socketOptions must be an object'],
  [
    'more socket options than there are',
    new Array(65).fill(missingDevice),
    'socketOptions must be at most 64 options'
  ],
  ['a socket option of no family', [{ ...missingDevice, family: -1 }], 'family must be a number from 0'],
  ['a socket option of no level', [{ ...missingDevice, level: 'tcp' }], 'level must be a number from 0'],
  ['a socket option without a name', [{ ...missingDevice, name: undefined }], 'name must be a number from 0'],
  ['a socket option that is a number', [{ ...missingDevice, value: 1 }], 'value must be a Uint8Array'],
  [
    'a socket option in pieces of four bytes',
    [{ ...missingDevice, value: new Uint32Array(1) }],
    'value must be a Uint8Array'
  ],
  [
    'a socket option that is too long',
    [{ ...missingDevice, value: new Uint8Array(257) }],
    'value must be at most 256 bytes'
  ]
]

describe('Run refuses', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'config must be an object'],
    ['neither dial nor listen', small, 'config must be an object with dial, listen or both'],
    ['no workers', { maxTables: 1, listen: listening() }, 'workers must be a number from 1'],
    ['zero workers', { ...small, workers: 0, listen: listening() }, 'workers must be a number from 1'],
    [
      'NaN workers',
      { ...small, workers: Number.NaN, listen: listening() },
      'workers must be a number from 1'
    ],
    ['no tables', { ...small, maxTables: 0, listen: listening() }, 'maxTables must be a number from 1'],
    ['a dial that is no object', { ...small, dial: 5, listen: listening() }, 'dial must be an object'],
    ['no targets', { ...small, listen: listening({ targets: [] }) }, 'targets must be at least one address'],
    [
      'targets that are no array',
      { ...small, listen: listening({ targets: '127.0.0.1:1' }) },
      'targets must be an array'
    ],
    ['a target of null', { ...small, listen: listening({ targets: [null] }) }, 'targets must be an object'],
    [
      'a host name as an address',
      { ...small, listen: listening({ targets: [{ address: 'localhost', firstPort: 0, lastPort: 0 }] }) },
      'address must be a numeric IPv4 or IPv6 address'
    ],
    [
      'a port too high',
      {
        ...small,
        listen: listening({ targets: [{ address: '127.0.0.1', firstPort: 1, lastPort: 65_536 }] })
      },
      'lastPort must be a number from 1'
    ],
    [
      'reversed ports',
      { ...small, listen: listening({ targets: [{ address: '127.0.0.1', firstPort: 9, lastPort: 8 }] }) },
      'lastPort must be a number from 9'
    ],
    ['an unknown mode', { ...small, listen: listening({ mode: 'drop' }) }, "mode must be 'sink', 'echo' or"],
    ['no backlog', { ...small, listen: listening({ backlog: 0 }) }, 'backlog must be a number from 1'],
    ['an unknown close', { ...small, listen: listening({ close: 'abort' }) }, "close must be 'fin' or 'rst'"],
    [
      'reversed sources',
      {
        ...small,
        listen: listening(),
        dial: dialing({ sources: [{ first: '127.0.0.2', last: '127.0.0.1' }] })
      },
      'sources must be ranges within one family whose last is not below first'
    ],
    [
      'sources of two families',
      { ...small, listen: listening(), dial: dialing({ sources: [{ first: '127.0.0.2', last: '::1' }] }) },
      'sources must be ranges within one family whose last is not below first'
    ],
    [
      'shard 0',
      { ...small, listen: listening(), dial: dialing({ shardCount: 0 }) },
      'shardCount must be a number'
    ],
    [
      'a shard beyond the count',
      { ...small, listen: listening(), dial: dialing({ shardIndex: 1 }) },
      'shardIndex must be a number from 0'
    ],
    [
      'no connections',
      { ...small, listen: listening(), dial: dialing({ connections: 0 }) },
      'connections must be a number'
    ],
    ['no window', { ...small, listen: listening(), dial: dialing({ window: 0 }) }, 'window must be a number'],
    [
      'a negative rate',
      { ...small, listen: listening(), dial: dialing({ rate: [{ atMs: 0, perSecond: -1 }] }) },
      'perSecond must be a number from 0'
    ],
    ...['dial', 'listen'].flatMap((half) =>
      refusedSocketOptions.map(([what, socketOptions, message]): [string, unknown, string] => [
        `${what}, in the ${half} part`,
        {
          ...small,
          dial: half === 'dial' ? dialing({ socketOptions }) : undefined,
          listen: listening(half === 'listen' ? { socketOptions } : {})
        },
        message
      ])
    ),
    [
      'a dial with neither targets nor a listener',
      { ...small, dial: dialing() },
      'targets must be empty if the run also listens'
    ],
    [
      'a dial with both targets and a listener',
      {
        ...small,
        listen: listening(),
        dial: dialing({ targets: [{ address: '127.0.0.1', firstPort: 9, lastPort: 9 }] })
      },
      'targets must be empty if the run also listens'
    ]
  ])('%s', (_, config, message) => {
    expect(() => createRun(config)).toThrow(TypeError)
    expect(() => createRun(config)).toThrow(message)
  })

  it('onEvent that is no function', () => {
    expect(() => createRun({ ...small, listen: listening() }, null)).toThrow('onEvent must be a function')
  })

  it('a call without new', () => {
    expect(() => (native().Run as unknown as () => void)()).toThrow(TypeError)
  })

  it('a call of its methods on another object', () => {
    const { start } = createRun({ ...small, listen: listening() })
    expect(() => start.call({} as NativeRun)).toThrow(TypeError)
  })
})
