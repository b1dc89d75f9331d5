import { describe, expect, it } from 'vitest'
import { Futility } from '../../../lib/dial/futility.js'

describe('a churn', () => {
  it('is futile after a hundred failures in a row over three seconds', () => {
    const futility = new Futility()
    expect(futility.note(0, 0, 0)).toBe(false)
    expect(futility.note(1, 0, 90)).toBe(false)
    expect(futility.note(3.9, 0, 200)).toBe(false)
    expect(futility.note(4, 0, 210)).toBe(true)
  })

  it('is not futile while failures are few, however long it takes', () => {
    const futility = new Futility()
    expect(futility.note(1, 0, 1)).toBe(false)
    expect(futility.note(600, 0, 99)).toBe(false)
    expect(futility.note(601, 0, 100)).toBe(true)
  })

  it('starts counting anew with each successful transaction', () => {
    const futility = new Futility()
    futility.note(1, 0, 1000)
    expect(futility.note(3.5, 1, 5000)).toBe(false)
    expect(futility.note(5, 1, 5001)).toBe(false)
    expect(futility.note(7.9, 1, 9000)).toBe(false)
    expect(futility.note(8, 1, 9000)).toBe(true)
  })

  it('is not futile when some transactions succeed', () => {
    const futility = new Futility()
    for (let second = 0; second < 60; second++) {
      expect(futility.note(second, Math.floor(second / 2), second * 1000)).toBe(false)
    }
  })
})
