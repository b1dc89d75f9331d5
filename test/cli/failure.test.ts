import { describe, expect, it } from 'vitest'
import { C1mError } from '../../lib/base/errors.js'
import { describeFailure } from '../../lib/cli/failure.js'

describe('describeFailure', () => {
  it('writes one line: what happened, why, and the remedy', () => {
    const error = new C1mError('C1M_COUNT_INVALID', "--connections: 'x' is not a count", {
      hint: 'Write 250k.'
    })
    expect(describeFailure(error, false)).toEqual({
      text: "c1m-native: --connections: 'x' is not a count. Write 250k.\n",
      exitCode: 2
    })
  })

  it('recognizes a C1mError of another bundle', () => {
    const error = Object.assign(new Error('no memory'), { name: 'C1mError', exitCode: 3 })
    expect(describeFailure(error, false)).toEqual({ text: 'c1m-native: no memory.\n', exitCode: 3 })
  })

  it('works without a remedy', () => {
    expect(describeFailure(new C1mError('C1M_RUN_FAILED', 'no memory'), false)).toEqual({
      text: 'c1m-native: no memory.\n',
      exitCode: 3
    })
  })

  it('asks the user to report an error that is not a C1mError, without its stack', () => {
    expect(describeFailure(new TypeError('x is not a function'), false)).toEqual({
      text: 'c1m-native: internal error: x is not a function. This is a bug: please report it with what the same command prints under C1M_DEBUG=1.\n',
      exitCode: 1
    })
  })

  it('prints the stack and the cause for debugging', () => {
    const { text } = describeFailure(
      new C1mError('C1M_RUN_FAILED', 'broken', { cause: new Error('below') }),
      true
    )
    expect(text).toMatch(
      /^c1m-native: broken\.\nC1mError: broken\n {4}at .*\ncaused by Error: below\n {4}at /s
    )
  })

  it('accepts any thrown value', () => {
    expect(describeFailure('a string', false).exitCode).toBe(1)
  })
})
