import { expect, it } from 'vitest'
import { columnsOf } from '../../../lib/engine/census.js'
import { native } from '../../../lib/engine/native.js'

it('columnsOf cuts the buffer of a census into columns', () => {
  const capacity = 4
  const buffer = new ArrayBuffer(capacity * native().censusRowBytes)
  const columns = columnsOf({ buffer, capacity, rows: 3, missed: 0, infoBytes: 248 })
  const views = Object.values(columns) as Uint8Array[]
  expect(views).toHaveLength(native().censusColumns.length)
  expect(views.every((view) => view.buffer === buffer)).toBe(true)
  const bytes = views.reduce((sum, view) => sum + view.byteLength, 0)
  expect(bytes).toBe(3 * native().censusRowBytes)
  expect(columns.sourceAddress).toHaveLength(48)
  expect(columns.state).toHaveLength(3)
})

it('columnsOf marks a column as unknown when the kernel does not report it', () => {
  const buffer = new ArrayBuffer(native().censusRowBytes)
  // struct tcp_info ended there in Linux 4.18.
  const columns = columnsOf({ buffer, capacity: 1, rows: 1, missed: 0, infoBytes: 200 })
  expect(columns).toMatchObject({ bytesSent: null, totalRto: null, totalRtoTimeMs: null })
  expect(columns.rttUs).toEqual(new Uint32Array(1))
  expect(columns.deliveryBytesPerSecond).toEqual(new Float64Array(1))
})

it('columnsOf has every column for zero connections', () => {
  const columns = columnsOf({ buffer: new ArrayBuffer(0), capacity: 0, rows: 0, missed: 0, infoBytes: 0 })
  expect(columns.totalRto).toEqual(new Uint16Array(0))
})
