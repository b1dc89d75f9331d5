import { expect, it } from 'vitest'
import { ephemeralPorts } from '../../../lib/observe/port_use.js'

const ports = (localRange: [number, number] | null, reserved: [number, number][] | null) =>
  ephemeralPorts({ localRange, reserved, unprivilegedStart: 1024 })

it('ephemeralPorts leaves out the reserved ports', () => {
  expect(ports([32_768, 60_999], [])).toBe(28_232)
  expect(ports([20_000, 20_199], [[20_100, 20_199]])).toBe(100)
  expect(
    ports(
      [20_000, 20_199],
      [
        [19_990, 20_009],
        [30_000, 30_010]
      ]
    )
  ).toBe(190)
  expect(ports([20_000, 20_199], null)).toBe(200)
  expect(ports(null, [])).toBeNull()
})
