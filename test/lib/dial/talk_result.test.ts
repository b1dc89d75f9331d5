import { describe, expect, it } from 'vitest'
import { exchanged, wrongAnswerOf } from '../../../lib/dial/talk_result.js'
import type { EngineCounters } from '../../../lib/engine/engine.js'
import type { NativeEndCause } from '../../../lib/engine/native_endings.js'
import { noFailures } from '../../helpers/example_result.js'
import { ended, tally } from '../checks/fixtures.js'

const counters = { exchanges: 7, dialedBytesSent: 70, dialedBytesReceived: 35 } as EngineCounters

describe('failed exchanges', () => {
  it('are counted by phase and by cause', () => {
    const errors = [
      tally('exchange', 'ETIMEDOUT', 5),
      tally('exchange', 'EBADMSG', 2),
      tally('hold', 'ECONNRESET', 9)
    ]
    const ends = [ended('unanswered', 3), ended('silenced', 2), ended('wrong', 2), ended('heldReset', 9)]
    expect(exchanged(counters, errors, ends)).toEqual({
      completed: 7,
      failed: 7,
      failures: { ...noFailures, unanswered: 3, unacknowledged: 2, wrong: 2 },
      bytesSent: 70,
      bytesReceived: 35
    })
  })

  it('are counted in one place for each cause', () => {
    const causes: NativeEndCause[] = [
      ...([
        'unacknowledged',
        'oversized',
        'halfOpen',
        'silenced',
        'cutOff',
        'notReading',
        'unanswered'
      ] as const),
      ...(['answerLost', 'tooSoon', 'unclosed', 'wrong', 'closed', 'reset', 'other'] as const)
    ]
    for (const cause of causes) {
      const { failures } = exchanged(counters, [], [ended(cause, 4)])
      expect(Object.values(failures).reduce((sum, count) => sum + count, 0)).toBe(4)
    }
  })
})

describe('a wrong answer', () => {
  const sample = {
    connection: '127.0.1.1:1024 > 127.0.0.1:9',
    offset: 0,
    expected: Buffer.from('+PONG\r\n'),
    received: Buffer.from([0, 255, 64])
  }

  it('is shown as text and as hex', () => {
    expect(wrongAnswerOf({ wrongAnswer: () => sample })).toEqual({
      ...sample,
      expected: { text: '+PONG\\r\\n', hex: '2b504f4e470d0a' },
      received: { text: '\\0\\xff@', hex: '00ff40' }
    })
  })

  it('has no expected part when any bytes were allowed, and is null when there is none', () => {
    const any = { ...sample, expected: Buffer.alloc(0) }
    expect(wrongAnswerOf({ wrongAnswer: () => any })?.expected).toBeNull()
    expect(wrongAnswerOf({ wrongAnswer: () => null })).toBeNull()
  })
})
