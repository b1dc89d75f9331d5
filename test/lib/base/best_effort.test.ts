import { describe, expect, it } from 'vitest'
import { BestEffort } from '../../../lib/base/best_effort.js'
import { C1mError } from '../../../lib/base/errors.js'

describe('BestEffort', () => {
  it('returns the value of a call that succeeds', async () => {
    const effort = new BestEffort()
    expect(await effort.attempt('the answer', async () => 42)).toBe(42)
    expect(effort.unavailable).toEqual([])
  })

  it('describes a call that fails in one sentence, once', async () => {
    const effort = new BestEffort()
    const fail = () => {
      throw new Error('no such file\nRequire stack: ...')
    }
    expect(await effort.attempt('the findings', fail)).toBeNull()
    expect(await effort.attempt('the findings', fail)).toBeNull()
    expect(effort.unavailable).toEqual(['the findings: no such file'])
  })

  it('adds the remedy of an error that has one', () => {
    const effort = new BestEffort()
    effort.note(new C1mError('C1M_RUN_OVER', 'the run is over', { hint: 'Ask earlier.' }))
    expect(effort.unavailable).toEqual(['the run is over. Ask earlier.'])
  })
})
