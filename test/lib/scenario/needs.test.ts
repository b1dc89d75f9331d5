import { describe, expect, it } from 'vitest'
import {
  hasNoConntrack,
  isTracked,
  leftBehind,
  reckonNeeds,
  tablesUsed
} from '../../../lib/scenario/needs.js'
import { facts, scenario } from '../checks/fixtures.js'

const load = {
  connections: 1_000_000,
  ratePerSecond: null,
  tuples: 1_290_240,
  endsInProcess: 1,
  endsInNamespace: 1,
  watched: false,
  tracked: false
} as const

describe('reckonNeeds', () => {
  it('returns those of a million connections to another host', () => {
    expect(reckonNeeds(facts(), load)).toEqual({
      connections: 1_000_000,
      ratePerSecond: null,
      tuples: 1_290_240,
      descriptors: 1_000_000,
      tables: 1024,
      descriptorsPerTable: 19_968,
      conntrackEntries: 0,
      conntrackEntriesOnHost: 0,
      kernelMemoryBytes: 3_900_000_000,
      sockets: 1_000_000,
      timeWaits: 0,
      missingSources: [],
      unroutedTargets: [],
      nat: null
    })
  })

  it('counts both ends of a self-dial, but one conntrack entry for the two', () => {
    const both = reckonNeeds(facts(), {
      ...load,
      endsInProcess: 2,
      endsInNamespace: 2,
      watched: true,
      tracked: true
    })
    expect(both).toMatchObject({
      descriptors: 2_000_000,
      sockets: 2_000_000,
      kernelMemoryBytes: 8_000_000_000,
      conntrackEntries: 1_000_000
    })
    // Measured: 103 tables, each with a few descriptors in other use.
    expect(tablesUsed(both)).toBe(101)
  })

  it('plans one table when threads cannot have their own', () => {
    const kernel = { version: { major: 5, minor: 8, patch: 18 } }
    const limits = { nofileHard: 1_000_000 }
    expect(reckonNeeds(facts({ kernel, limits }), load)).toMatchObject({
      tables: 1,
      descriptorsPerTable: 999_936
    })
  })

  it('plans one table shared by the threads when this kernel refuses others, whatever its release', () => {
    const tableRules = { privateTables: false, descriptorLimit: 1000 }
    expect(reckonNeeds(facts(), { ...load, tableRules, workers: 7, endsInProcess: 2 })).toMatchObject({
      tables: 1,
      // 1,000 less 64 are 133 for each of 7, and 132 for both ends of 66 connections.
      descriptorsPerTable: 7 * 132
    })
    const kernel = { version: { major: 5, minor: 8, patch: 18 } }
    const allowed = { privateTables: true, descriptorLimit: 20_000 }
    expect(reckonNeeds(facts({ kernel }), { ...load, tableRules: allowed }).tables).toBe(1024)
  })

  it.each([
    ['no descriptor limit', { limits: { nofileHard: 'unlimited' as const } }, [1024, 65_504]],
    ['an unknown descriptor limit', { limits: { nofileHard: null } }, [1024, 65_504]],
    ['a descriptor limit below the reserve', { limits: { nofileHard: 16 } }, [1024, 0]],
    ['few threads', { cgroup: { pidsMax: 100 } }, [68, 19_968]],
    ['very few threads', { cgroup: { pidsMax: 10 } }, [1, 19_968]]
  ])('plans the tables with %s', (_, changes, [tables, descriptorsPerTable]) => {
    const needs = reckonNeeds(facts(changes), load)
    expect(needs).toMatchObject({ tables, descriptorsPerTable })
    expect(tablesUsed(needs)).toBeLessThanOrEqual(needs.tables)
  })
})

describe('leftBehind', () => {
  const churn = { churn: true, durationMs: 600_000 }

  it.each([
    ['a client that closes in order', churn, 5000, [300_000, 600_000]],
    ['a client that resets', { ...churn, close: 'rst' as const }, 5000, [0, 50_000]],
    ['a self-dial', { ...churn, targets: [] }, 5000, [0, 50_000]],
    ['a short run', { ...churn, durationMs: 10_000 }, 5000, [50_000, 50_000]],
    ['a churn with more closes than tuples', churn, 50_000, [1_290_240, 1_290_240]],
    ['a churn without a rate', churn, null, [0, 0]],
    ['a run without a churn', {}, 5000, [0, 0]]
  ])('counts the closed connections of %s', (_, changes, rate, [timeWaits, trackedClosed]) => {
    expect(leftBehind(scenario(changes), rate)).toEqual({ timeWaits, trackedClosed })
  })

  it('adds to the entries that connection tracking keeps', () => {
    const paced = { ...load, tracked: true, timeWaits: 5, trackedClosed: 600_000 }
    expect(reckonNeeds(facts(), paced)).toMatchObject({ timeWaits: 5, conntrackEntries: 1_600_000 })
  })
})

describe('isTracked', () => {
  it.each([
    [{ count: 5, max: 10 }, true, true],
    [{ count: 0, max: 10 }, false, true],
    [{ count: null, max: 10 }, true, true],
    [{ count: null, max: null }, false, false]
  ])('decides for %j', (counts, live, described) => {
    const conntrack = { ...counts, buckets: null, entriesAllNamespaces: null, boundsChains: null }
    expect(isTracked(conntrack, false)).toBe(live)
    expect(isTracked(conntrack, true)).toBe(described)
  })

  it('recognizes a missing module by the missing file', () => {
    const path = '/proc/sys/net/netfilter/nf_conntrack_max'
    expect(hasNoConntrack(facts({ unknown: { [path]: 'ENOENT' } }))).toBe(true)
    expect(hasNoConntrack(facts({ unknown: { [path]: 'EACCES' } }))).toBe(false)
    expect(hasNoConntrack(facts())).toBe(false)
  })
})
