import { describe, expect, it } from 'vitest'
import { LabProgress } from '../../lib/cli/lab_progress.js'

function shown() {
  let nowMs = 0
  let line = ''
  const reporter = {
    everyMs: undefined,
    progress: (text: (room: number) => string) => {
      line = text(80)
    }
  }
  const progress = new LabProgress(reporter, () => nowMs)
  return {
    progress,
    at: (ms: number, text: string) => {
      nowMs = ms
      progress.step(text)
      return line
    },
    pass: (ms: number) => {
      nowMs = ms
    }
  }
}

const lab = { name: 'accept-queue', seconds: 12 }

describe('the progress line of a lab', () => {
  it('says what the lab does, for how long, and how long it usually takes', () => {
    const { progress, at } = shown()
    progress.start(lab)
    expect(at(3000, 'accept-queue: pausing')).toBe('accept-queue: pausing, 3s of about 12s')
    progress.stop()
  })

  it('says so when the lab takes longer', () => {
    const { progress, at } = shown()
    progress.start(lab)
    expect(at(81_000, 'accept-queue: pausing')).toBe('accept-queue: pausing, 1m 21s, usually about 12s')
    progress.stop()
  })

  it('says how far a series of labs is', () => {
    const { progress, at, pass } = shown()
    pass(60_000)
    progress.start(lab, { number: 3, of: 12, seconds: 200 })
    expect(at(63_000, 'accept-queue: pausing')).toBe(
      'accept-queue: pausing, 3s of about 12s; lab 3 of 12, 1m 3s of about 3m 20s'
    )
    progress.stop()
  })
})
