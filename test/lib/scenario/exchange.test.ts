import { describe, expect, it } from 'vitest'
import { checkOptions } from '../../../lib/base/check_options.js'
import { checkEchoed } from '../../../lib/scenario/echo.js'
import {
  type ExchangeOptions,
  type ExchangeScenario,
  exchangeChecks,
  nativeExchange,
  resolveExchange
} from '../../../lib/scenario/exchange.js'
import { caught, rejection } from '../../helpers/caught.js'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

describe('resolveExchange', () => {
  it('is null without a message', async () => {
    expect(await resolveExchange({})).toBeNull()
    expect(await resolveExchange({ exchangeTimeoutMs: 1 })).toBeNull()
  })

  it.each<[ExchangeOptions, object]>([
    [{ send: 'PING\\r\\n' }, { send: 'PING\\r\\n', sendBytes: 6, expect: '', expectBytes: 0 }],
    [{ send: 'é' }, { send: '\\xc3\\xa9', sendBytes: 2, expect: '', expectBytes: 0 }],
    [{ send: Uint8Array.of(64, 0) }, { send: '\\x40\\0', sendBytes: 2, expect: '', expectBytes: 0 }],
    [
      { send: '?', expect: '!\\n' },
      { send: '?', sendBytes: 1, expect: '!\\n', expectBytes: 2 }
    ],
    [
      { send: '?', expectBytes: 4096 },
      { send: '?', sendBytes: 1, expect: '', expectBytes: 4096 }
    ],
    [{ expect: '220 ' }, { send: '', sendBytes: 0, expect: '220 ', expectBytes: 4 }],
    [{ expectBytes: 1 }, { send: '', sendBytes: 0, expect: '', expectBytes: 1 }],
    [{ messageSize: 512 }, { send: '', sendBytes: 512, expect: '', expectBytes: 512 }]
  ])('resolves %o', async (options, exchange) => {
    expect(await resolveExchange(options)).toEqual({ ...exchange, everyMs: null })
  })

  it('accepts a period', async () => {
    expect(await resolveExchange({ messageSize: 1, everyMs: 100 })).toMatchObject({ everyMs: 100 })
  })

  it.each<[ExchangeOptions, string]>([
    [{ messageSize: 0 }, 'messageSize is 0, and must be a whole number from 1 to 16,777,216'],
    [
      { messageSize: 2 ** 24 + 1 },
      'messageSize is 16,777,217, and must be a whole number from 1 to 16,777,216'
    ],
    [{ expectBytes: 0 }, 'expectBytes is 0, and must be a whole number of bytes from 1 to 536,870,911'],
    [
      { send: 'a', everyMs: 0 },
      'everyMs is 0, and must be a whole number of milliseconds from 1 to 2,147,483,647'
    ],
    [
      { send: 'a', everyMs: -1 },
      'everyMs is -1, and must be a whole number of milliseconds from 1 to 2,147,483,647'
    ]
  ])('refuses %o', (options, message) => {
    const check = () => checkOptions('dial', options, exchangeChecks)
    expect(caught(check)).toMatchObject({ code: 'C1M_OPTION_INVALID', message })
  })

  it.each<[ExchangeOptions, string]>([
    [{ messageSize: 1, send: 'a' }, 'messageSize excludes send, expect and expectBytes: it stands for them'],
    [
      { messageSize: 1, expect: 'a' },
      'messageSize excludes send, expect and expectBytes: it stands for them'
    ],
    [
      { messageSize: 1, expectBytes: 1 },
      'messageSize excludes send, expect and expectBytes: it stands for them'
    ],
    [
      { expect: 'a', expectBytes: 1 },
      'expect and expectBytes exclude each other: both say what the answer is'
    ],
    [{ expect: 'a', everyMs: 1 }, 'everyMs needs something to send']
  ])('refuses %o', async (options, message) => {
    expect(await rejection(resolveExchange(options))).toMatchObject({ code: 'C1M_OPTION_CONFLICT', message })
  })
})

describe('an answer from the echo of a run without a target', () => {
  const check = async (options: ExchangeOptions) =>
    checkEchoed(options, (await resolveExchange(options)) as ExchangeScenario)

  it.each<[ExchangeOptions]>([
    [{ send: 'PING' }],
    [{ send: 'PING', expect: 'PI' }],
    [{ send: 'PING', expectBytes: 4 }],
    [{ send: Uint8Array.of(64, 92, 255, 0), expect: Uint8Array.of(64, 92, 255) }],
    [{ messageSize: 512 }]
  ])('can be %o', async (options) => {
    await expect(check(options)).resolves.toBeUndefined()
  })

  it.each<[ExchangeOptions, string, string]>([
    [
      { expect: '220 ' },
      'expect cannot be met: without a target the listener only echoes, and nothing is sent',
      'Say what to send with send, or name a target.'
    ],
    [
      { send: 'PING', expectBytes: 5 },
      'expectBytes cannot be met: without a target the listener only echoes, and 5 bytes never come back for 4 bytes sent',
      'Expect at most what is sent, or name a target.'
    ],
    [
      { send: 'P', expect: 'PONG' },
      'expect cannot be met: without a target the listener only echoes, and 4 bytes never come back for 1 byte sent',
      'Expect at most what is sent, or name a target.'
    ],
    [
      { send: 'PING\\n', expect: '+PONG' },
      "expect cannot be met: without a target the listener only echoes, and send does not begin with '+PONG'",
      'Expect the beginning of what is sent, or name a target.'
    ]
  ])('cannot be %o', async (options, message, hint) => {
    expect(await rejection(check(options))).toMatchObject({ code: 'C1M_OPTION_CONFLICT', message, hint })
  })
})

it('exchangeChecks accept an exchange timeout of at most half an hour', () => {
  const check = (exchangeTimeoutMs: number) => checkOptions('dial', { exchangeTimeoutMs }, exchangeChecks)
  expect(check(1_800_000)).toEqual({ exchangeTimeoutMs: 1_800_000 })
  for (const exchangeTimeoutMs of [0, 1_800_001]) {
    expect(caught(() => check(exchangeTimeoutMs))).toMatchObject({ code: 'C1M_OPTION_INVALID' })
  }
})

describe('nativeExchange', () => {
  const native = async (options: ExchangeOptions) => nativeExchange(await resolveExchange(options), 250)

  it('converts text to bytes', async () => {
    const { send, expect: expected, ...rest } = await native({ send: 'a\\xff', expect: '\\0', everyMs: 20 })
    expect([text(send), text(expected)]).toEqual(['a\xff', '\0'])
    expect(rest).toEqual({ expectBytes: 0, everyMs: 20, timeoutMs: 250 })
  })

  it('fills a message for which only the size is given', async () => {
    const { send, expect: expected, ...rest } = await native({ messageSize: 3 })
    expect([text(send), text(expected)]).toEqual(['xxx', ''])
    expect(rest).toEqual({ expectBytes: 3, everyMs: 0, timeoutMs: 250 })
  })

  it('is empty without a message', async () => {
    const { send, expect: expected, ...rest } = await native({})
    expect([send.length, expected.length]).toEqual([0, 0])
    expect(rest).toEqual({ expectBytes: 0, everyMs: 0, timeoutMs: 250 })
  })
})
