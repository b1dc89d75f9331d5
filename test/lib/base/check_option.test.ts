import { describe, expect, it } from 'vitest'
import {
  abortSignal,
  checkWhole,
  choice,
  describeValue,
  flag,
  period,
  rate,
  textOrBytes,
  texts,
  wholeSeconds
} from '../../../lib/base/check_option.js'
import { caught } from '../../helpers/caught.js'

const refusal = (message: string) => ({ code: 'C1M_OPTION_INVALID', message, exitCode: 2 })

describe('checkWhole', () => {
  it('accepts whole numbers within the bounds', () => {
    expect([checkWhole('n', 1, 1), checkWhole('n', 0, 0), checkWhole('n', 127, 1, 127)]).toEqual([1, 0, 127])
  })

  it.each([
    [0, '0'],
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [1.5, '1.5'],
    [10_001, '10,001'],
    ['5', "'5'"],
    [null, 'null'],
    [{}, 'an object'],
    [5n, '5n'],
    [Symbol('5'), 'a symbol']
  ])('refuses %o', (value, shown) => {
    expect(caught(() => checkWhole('connections', value, 1, 10_000))).toMatchObject(
      refusal(`connections is ${shown}, and must be a whole number from 1 to 10,000`)
    )
  })

  it('accepts numbers up to the maximum of the engine', () => {
    expect(checkWhole('n', 2 ** 31 - 1, 1)).toBe(2_147_483_647)
    expect(caught(() => checkWhole('n', 2 ** 31, 1))).toMatchObject({ code: 'C1M_OPTION_INVALID' })
  })
})

describe('rate', () => {
  it('accepts numbers above zero', () => {
    expect([rate('rate', 0.5), rate('rate', 200_000)]).toEqual([0.5, 200_000])
  })

  it.each([0, -1, Number.NaN, '5', 5n, null])('refuses %o', (value) => {
    expect(caught(() => rate('rate', value))).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: expect.stringContaining('and must be more than zero connections per second')
    })
  })

  it.each([1e9 + 1, Number.POSITIVE_INFINITY])('refuses %o because it is above the maximum rate', (value) => {
    expect(caught(() => rate('rate', value))).toMatchObject({
      message: expect.stringContaining('and must be at most 1,000,000,000 connections per second')
    })
  })
})

describe('period', () => {
  it('accepts fractions of milliseconds from one millisecond up', () => {
    expect([period('everyMs', 1), period('everyMs', 1000 / 60)]).toEqual([1, 1000 / 60])
  })

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 'x', null])('refuses %o', (value) => {
    expect(caught(() => period('everyMs', value))).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: expect.stringMatching(/^everyMs is .+, and must be milliseconds from 1 to 2,147,483,647$/)
    })
  })
})

describe('choice', () => {
  it('accepts each of the allowed words', () => {
    expect(choice(['fin', 'rst'])('close', 'rst')).toBe('rst')
  })

  it.each(['gone', ['fin'], new String('fin')])('refuses %o', (value) => {
    expect(caught(() => choice(['fin', 'rst'])('close', value))).toMatchObject({
      message: expect.stringMatching(/, and must be fin or rst$/)
    })
  })
})

describe('flag', () => {
  it('accepts true and false', () => {
    expect([flag('authorized', true), flag('authorized', false)]).toEqual([true, false])
  })

  it.each([
    ['false', "'false'"],
    ['', "''"],
    [0, '0'],
    [1, '1'],
    [null, 'null'],
    [new Boolean(false), 'an object']
  ])('refuses %o, which is only truthy or falsy', (value, shown) => {
    expect(caught(() => flag('authorized', value))).toMatchObject(
      refusal(`authorized is ${shown}, and must be true or false`)
    )
  })
})

describe('texts', () => {
  it('accepts a list of strings, and copies it', () => {
    const given = ['a', 'b']
    const passed = texts('targets', given)
    expect(passed).toEqual(given)
    expect(passed).not.toBe(given)
  })

  it.each([
    ['a', "targets is 'a', and must be a list of texts"],
    [{ length: 1, 0: 'a' }, 'targets is an object, and must be a list of texts'],
    [new Set(['a']), 'targets is an object, and must be a list of texts'],
    [[1], 'targets[0] is 1, and must be a text'],
    [['a', ['b']], 'targets[1] is a list, and must be a text'],
    // biome-ignore lint/suspicious/noSparseArray: what is refused
    [['a', , 'c'], 'targets[1] is undefined, and must be a text'],
    [new Array(3), 'targets[0] is undefined, and must be a text']
  ])('refuses %o', (value, message) => {
    expect(caught(() => texts('targets', value))).toMatchObject(refusal(message))
  })
})

describe('textOrBytes', () => {
  it('accepts a string, a Uint8Array and a Buffer', () => {
    for (const value of ['', Uint8Array.of(1), Buffer.of(1)]) expect(textOrBytes('send', value)).toBe(value)
  })

  it.each([5, [1], new ArrayBuffer(1), Uint16Array.of(1), new Proxy(Uint8Array.of(1), {})])(
    'refuses %o',
    (value) => {
      expect(caught(() => textOrBytes('send', value))).toMatchObject({
        message: expect.stringMatching(/^send is .+, and must be a text or a Uint8Array$/)
      })
    }
  )
})

describe('abortSignal', () => {
  it('accepts an AbortSignal', () => {
    const { signal } = new AbortController()
    expect(abortSignal('signal', signal)).toBe(signal)
  })

  it.each([true, {}, new AbortController(), { aborted: false, throwIfAborted() {}, addEventListener() {} }])(
    'refuses %o',
    (value) => {
      expect(caught(() => abortSignal('signal', value))).toMatchObject({
        message: expect.stringMatching(/^signal is .+, and must be an AbortSignal$/)
      })
    }
  )
})

describe('describeValue', () => {
  it('does not run code of the value', () => {
    const shy = {
      toString() {
        throw new Error('called')
      },
      toJSON() {
        throw new Error('called')
      }
    }
    expect([shy, Symbol('s'), () => {}, [shy], 12345n, 12345].map(describeValue)).toEqual([
      'an object',
      'a symbol',
      'a function',
      'a list',
      '12345n',
      '12,345'
    ])
  })

  it('escapes and shortens strings', () => {
    expect(describeValue('a\nb')).toBe("'a\\nb'")
    expect(describeValue('x'.repeat(20_000))).toBe(`'${'x'.repeat(100)}...' (20000 characters)`)
  })
})

describe('wholeSeconds', () => {
  it('accepts milliseconds that are whole seconds', () => {
    expect(wholeSeconds(10)('keepaliveMs', 2000)).toBe(2000)
  })

  it.each([1500, 11_000, 0, -1000, Number.NaN, '2s'])('refuses %s', (value) => {
    expect(() => wholeSeconds(10)('keepaliveMs', value)).toThrow(
      /^keepaliveMs is .+, and must be whole seconds: a multiple of 1,000 milliseconds, up to 10,000$/
    )
  })
})
