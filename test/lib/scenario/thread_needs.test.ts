import { describe, expect, it } from 'vitest'
import { withThreads } from '../../../lib/scenario/thread_needs.js'
import { predicting } from '../checks/fixtures.js'

describe('withThreads', () => {
  it('leaves the needs unchanged when the threads can be started', () => {
    const { needs } = predicting()
    expect(withThreads(needs, 2)).toBe(needs)
  })
})
