import { describe, expect, it } from 'vitest'
import { editDistance, suggestion } from '../../../lib/base/nearest.js'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['dial', 'dial', 0],
    ['dail', 'dial', 1],
    ['conections', 'connections', 1],
    ['kitten', 'sitting', 3]
  ])('from %s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})

describe('suggestion', () => {
  const known = ['connections', 'connect-timeout', 'rate', 'ramp', 'close', 'hold', 'json', 'ndjson']
  it.each([
    ['conections', 'connections'],
    ['connection', 'connections'],
    ['raet', 'rate'],
    ['conect-timeout', 'connect-timeout'],
    ['timeout', undefined],
    ['js', 'json'],
    ['jsno', 'json'],
    ['ndjosn', 'ndjson'],
    ['r', undefined],
    ['', undefined],
    ['frobnicate', undefined]
  ])('for %s is %s', (word, expected) => {
    expect(suggestion(word, known)).toBe(expected)
  })
})
