import { describe, expect, it } from 'vitest'
import { checkChoice, checkRate, checkTexts, checkWhole } from '../../lib/check_option.js'
import { caught } from '../helpers/caught.js'

const refusal = (message: string) => ({ code: 'C1M_OPTION_INVALID', message, exitCode: 2 })

describe('checkWhole', () => {
  it('passes whole numbers within bounds', () => {
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
    [{}, '[object Object]']
  ])('refuses %o', (value, shown) => {
    expect(caught(() => checkWhole('connections', value, 1, 10_000))).toMatchObject(
      refusal(`connections is ${shown}, and must be a whole number from 1 to 10,000`)
    )
  })

  it('ends where the engine does', () => {
    expect(checkWhole('n', 2 ** 31 - 1, 1)).toBe(2_147_483_647)
    expect(caught(() => checkWhole('n', 2 ** 31, 1))).toMatchObject({ code: 'C1M_OPTION_INVALID' })
  })
})

it('passes rates above zero', () => {
  expect([checkRate('rate', 0.5), checkRate('rate', 200_000)]).toEqual([0.5, 200_000])
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5']) {
    expect(caught(() => checkRate('rate', value))).toMatchObject({ code: 'C1M_OPTION_INVALID' })
  }
  for (const value of [1e9 + 1, Number.POSITIVE_INFINITY]) {
    expect(caught(() => checkRate('rate', value))).toMatchObject({
      message: expect.stringContaining('and must be at most 1,000,000,000 connections per second')
    })
  }
  expect(caught(() => checkRate('rate', 0))).toMatchObject(
    refusal('rate is 0, and must be more than zero connections per second')
  )
})

it('passes one of some words', () => {
  expect(checkChoice('close', 'rst', ['fin', 'rst'])).toBe('rst')
  expect(caught(() => checkChoice('close', 'gone', ['fin', 'rst']))).toMatchObject(
    refusal("close is 'gone', and must be fin or rst")
  )
})

it('passes lists of texts', () => {
  expect(checkTexts('targets', ['a', 'b'])).toEqual(['a', 'b'])
  expect(caught(() => checkTexts('targets', 'a'))).toMatchObject(
    refusal("targets is 'a', and must be a list of texts")
  )
  expect(caught(() => checkTexts('targets', [1]))).toMatchObject(
    refusal('targets is 1, and must be a list of texts')
  )
})
