import { describe, expect, it } from 'vitest'
import { DialCourse } from '../../../lib/dial/course.js'
import { prepareDial } from '../../../lib/dial/prepare.js'
import type { DialOptions } from '../../../lib/scenario/options.js'
import { eventually } from '../../helpers/eventually.js'
import { expectNoSockets, ownAddress } from '../../helpers/loopback.js'

const hour = 3_600_000

function prepared(source: string, options: DialOptions) {
  return prepareDial({ connections: 100, source: [source], ...options }, new AbortController().signal)
}

describe('DialCourse', () => {
  it('dials, holds until it is stopped, then closes and diagnoses', async () => {
    const source = ownAddress()
    const course = new DialCourse(await prepared(source, { holdMs: hour }))
    const stopping = new AbortController()
    expect(course.phase).toBe('dialing')
    const running = course.run(stopping.signal)
    await eventually(() => course.phase === 'holding')
    expect(await course.takeCensus()).toMatchObject({ length: 100 })
    stopping.abort()
    const { connections, findings, timing } = await running
    expect(course.phase).toBe('done')
    expect({ connections, findings }).toMatchObject({ connections: { established: 100 }, findings: [] })
    expect(timing.holdSeconds).toBeGreaterThan(0)
    await expectNoSockets(source)
  })

  it('never holds a churn', async () => {
    const course = new DialCourse(await prepared(ownAddress(), { churn: true, connections: 10 }))
    const stopping = new AbortController()
    const phases = new Set<string>()
    const running = course.run(stopping.signal)
    await eventually(() => {
      phases.add(course.phase)
      return course.engine.counters().transactions > 0
    })
    stopping.abort()
    await eventually(() => phases.add(course.phase).has('done'))
    expect(phases).not.toContain('holding')
    expect((await running).timing.holdSeconds).toBe(0)
  })

  it('has no census after the connections are closed, unless the scenario asked for one', async () => {
    const stopped = AbortSignal.abort()
    for (const census of [false, true]) {
      const course = new DialCourse(await prepared(ownAddress(), { census }))
      await course.engine.ramped
      await course.run(stopped)
      expect(await course.takeCensus()).toBeNull()
      expect(course.census?.length).toBe(census ? 100 : undefined)
    }
  })

  it('reports where each connection went', async () => {
    const server = await prepared(ownAddress(), { holdMs: hour, workers: 2 })
    const targets = server.engine.listening
    const course = new DialCourse(await prepared(ownAddress(), { targets, holdMs: hour }))
    const stopping = new AbortController()
    const running = course.run(stopping.signal)
    await eventually(() => course.phase === 'holding')
    const census = await course.takeCensus()
    const dialed = Array.from({ length: census?.length ?? 0 }, (_, i) => census?.target(i))
    expect(new Set(dialed)).toEqual(new Set(targets))
    stopping.abort()
    await running
    server.engine.close()
    await server.engine.closed
  })

  it('closes every socket when it fails', async () => {
    const source = ownAddress()
    const { baseline, ...rest } = await prepared(source, { holdMs: 0 })
    const counters = () => {
      throw new Error('no counters')
    }
    const course = new DialCourse({ ...rest, baseline: { ...baseline, counters } })
    await expect(course.run(new AbortController().signal)).rejects.toThrow('no counters')
    await expectNoSockets(source)
  })
})
