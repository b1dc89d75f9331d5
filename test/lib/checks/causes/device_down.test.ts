import { describe, expect, it } from 'vitest'
import { deviceDown } from '../../../../lib/checks/causes/device_down.js'
import { explainFindings, foresee } from '../../../../lib/checks/index.js'
import { command } from '../../../../lib/checks/remedy.js'
import type { DownDevice } from '../../../../lib/observe/down_device.js'
import { explaining, linesOf, predicting, run, tally, watching } from '../fixtures.js'

const downDevice: DownDevice = {
  name: 'eth1',
  state: 'down',
  network: '198.18.30.7/24',
  target: '198.18.30.1',
  isOnlyWay: true
}
const failed = (phase: 'connect' | 'timeout', code: string) =>
  run({
    connections: { established: 0, failed: 500, attempted: 500, requested: 500 },
    errors: [tally(phase, code, 500)]
  })
const ids = (findings: { id: string }[]) => findings.map(({ id }) => id)

describe('predict', () => {
  it('names the device and the command that sets it up', () => {
    expect(deviceDown.predict?.(predicting())).toBeNull()
    expect(deviceDown.predict?.(predicting({ downDevice }))).toMatchObject({
      severity: 'critical',
      title: 'the device eth1 is down, and connections to 198.18.30.1 leave by it',
      evidence: [
        { name: 'device eth1', after: 'down' },
        { name: 'network of eth1', after: '198.18.30.7/24' }
      ],
      remedy: [command('ip link set dev eth1 up')],
      bindsAt: 0
    })
  })

  it('explains a missing route', () => {
    const needs = { unroutedTargets: ['198.18.30.1'] }
    expect(ids(foresee(predicting({ needs, downDevice })))).toEqual(['device-down'])
  })
})

describe('explain', () => {
  it.each([
    ['connect', 'ENETUNREACH'],
    ['connect', 'ENETDOWN'],
    ['connect', 'EHOSTUNREACH'],
    ['timeout', 'ETIMEDOUT']
  ] as const)('explains %s %s as the only finding', (phase, code) => {
    const findings = explainFindings(explaining({ run: failed(phase, code), downDevice }))
    expect(ids(findings)).toEqual(['device-down'])
    expect(findings[0]?.title).toBe(
      'the device eth1 is down, and connections to 198.18.30.1 leave by it: 500 failed'
    )
    expect(findings[0]?.evidence[0]).toMatchObject({ name: `errors.${phase}.${code}` })
  })

  it('leaves failures of connections with another route to their own cause', () => {
    const findings = explainFindings(
      explaining({
        run: failed('connect', 'ENETUNREACH'),
        downDevice: { ...downDevice, isOnlyWay: false }
      })
    )
    expect(ids(findings)).toEqual(['device-down', 'unreachable'])
    expect(findings[0]?.title).toMatch(/: some of 500 failed$/)
  })

  it('offers no command for a missing carrier', () => {
    const outcome = failed('connect', 'EHOSTUNREACH')
    const verdict = deviceDown.explain?.(
      explaining({ run: outcome, downDevice: { ...downDevice, state: 'no carrier' } })
    )
    expect(verdict?.title).toContain('the device eth1 has no carrier')
    expect(linesOf(verdict)[0]).toMatch(/^# plug in/)
  })

  it('is silent when nothing failed, for another error, and beside a server', () => {
    expect(deviceDown.explain?.(explaining({ downDevice }))).toBeNull()
    const refused = failed('connect', 'ECONNREFUSED')
    expect(deviceDown.explain?.(explaining({ run: refused, downDevice }))).toBeNull()
    expect(deviceDown.explain?.(watching({ downDevice }))).toBeNull()
  })

  it('is silent when the run does not need the device that is down', () => {
    const outcome = failed('connect', 'ENETUNREACH')
    expect(ids(explainFindings(explaining({ run: outcome })))).toEqual(['unreachable'])
  })
})
