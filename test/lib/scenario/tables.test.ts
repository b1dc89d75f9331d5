import { describe, expect, it } from 'vitest'
import {
  checkSharedTable,
  checkTables,
  sharedTableCapacity,
  tableLimit,
  tableLimits,
  tablesFor
} from '../../../lib/scenario/tables.js'
import { caught } from '../../helpers/caught.js'

const unlimited = Number.POSITIVE_INFINITY

describe('tablesFor', () => {
  it('spreads connections over as many tables as the limit requires', () => {
    expect(tablesFor(1_000_000, 1, 20_000)).toBe(51)
    expect(tablesFor(1_000_000, 2, 20_000)).toBe(101)
    expect(tablesFor(1, 1, 1024)).toBe(1)
    expect(tablesFor(992, 1, 1024)).toBe(1)
    expect(tablesFor(993, 1, 1024)).toBe(2)
  })

  it('uses no more than 65,536 descriptors per table', () => {
    expect(tablesFor(1_000_000, 1, unlimited)).toBe(16)
    expect(tablesFor(1_000_000, 1, 1_048_576)).toBe(16)
  })

  it('never exceeds the number of tables a run may open', () => {
    expect(tablesFor(2_000_000, 2, 1024)).toBe(tableLimits.maxTables)
    expect(tablesFor(1, 1, 32)).toBe(tableLimits.maxTables)
  })
})

describe('checkTables', () => {
  it.each([
    [20_447_232, 1, 20_000],
    [10_223_616, 2, 20_000],
    [67_076_096, 1, unlimited]
  ])('accepts at most %i connections with %i descriptors each at a limit of %d', (most, each, limit) => {
    checkTables(most, each, limit)
    expect(caught(() => checkTables(most + 1, each, limit))).toMatchObject({ code: 'C1M_DESCRIPTOR_LIMIT' })
  })

  it('reports how many fit, which limit is exceeded, and a sufficient remedy', () => {
    const error = caught(() => checkTables(2_000_000, 2, 1024))
    expect(error).toMatchObject({
      code: 'C1M_DESCRIPTOR_LIMIT',
      exitCode: 3,
      message:
        'of 2,000,000 connections, 507,904 fit: the hard limit on open files (RLIMIT_NOFILE) is 1,024, for each of 1,024 descriptor tables',
      hint: 'Raise it: ulimit -n 3940 (as root, or nofile in /etc/security/limits.conf).'
    })
    checkTables(2_000_000, 2, 3940)
    expect(caught(() => checkTables(2_000_000, 2, 3939))).toMatchObject({ code: 'C1M_DESCRIPTOR_LIMIT' })
  })

  it('accepts nothing when the limit is below the reserve', () => {
    expect(caught(() => checkTables(1, 1, 32))).toMatchObject({
      message: expect.stringMatching(/^of 1 connections, 0 fit/),
      hint: expect.stringContaining('ulimit -n 33 ')
    })
  })

  it('gives another remedy when no limit would be enough', () => {
    expect(caught(() => checkTables(70_000_000, 1, unlimited))).toMatchObject({
      message:
        'of 70,000,000 connections, 67,076,096 fit into 1,024 descriptor tables of 65,536 descriptors, the most one process uses',
      hint: "Split the run over several processes with shard: 'K/N'."
    })
  })
})

describe('checkSharedTable', () => {
  it('accepts what fits into the one table, divided evenly among the workers', () => {
    checkSharedTable(9968, 2, 4, 20_000)
    checkSharedTable(19_936, 1, 4, 20_000)
    expect(() => checkSharedTable(9969, 2, 4, 20_000)).toThrow()
  })

  it('reports why there is only one table, and the limit that would be enough', () => {
    const refused = caught(() => checkSharedTable(30_001, 2, 4, 20_000)) as { hint: string }
    expect(refused).toMatchObject({
      code: 'C1M_DESCRIPTOR_LIMIT',
      exitCode: 3,
      message: expect.stringMatching(
        /^of 30,001 connections, 9,968 fit into one descriptor table of 20,000 descriptors, and threads cannot /
      )
    })
    const enough = Number(/ulimit -n (\d+) /.exec(refused.hint)?.[1])
    checkSharedTable(30_001, 2, 4, enough)
  })

  it('accepts nothing when the limit is below the reserve', () => {
    expect(() => checkSharedTable(1, 1, 1, 64)).toThrow('of 1 connections, 0 fit')
  })
})

describe('sharedTableCapacity', () => {
  it('is the most that checkSharedTable accepts', () => {
    const capacity = sharedTableCapacity(2, 3, 1000)
    expect(capacity).toBe(3 * 156)
    expect(() => checkSharedTable(capacity, 2, 3, 1000)).not.toThrow()
    expect(caught(() => checkSharedTable(capacity + 1, 2, 3, 1000))).toMatchObject({
      code: 'C1M_DESCRIPTOR_LIMIT'
    })
    expect(sharedTableCapacity(1, 1, 10)).toBe(0)
  })
})

describe('tableLimit', () => {
  const rules = (descriptorLimit: number) => ({ privateTables: true, descriptorLimit })

  it('is the hard limit, if this process may raise the soft limit to it', () => {
    expect(tableLimit({ nofileSoft: 1024, nofileHard: 20_000 }, rules(20_000))).toBe(20_000)
    expect(tableLimit({ nofileSoft: 512, nofileHard: 20_000 }, rules(512))).toBe(512)
    expect(tableLimit({ nofileSoft: 1024, nofileHard: 'unlimited' }, rules(1024))).toBe(1024)
  })

  it('is the limit in the facts when the kernel was not asked', () => {
    expect(tableLimit({ nofileSoft: 1024, nofileHard: 20_000 }, null)).toBe(20_000)
    expect(tableLimit({ nofileSoft: null, nofileHard: null }, rules(1024))).toBeNull()
    expect(tableLimit({ nofileSoft: null, nofileHard: 20_000 }, rules(1024))).toBe(20_000)
  })
})
