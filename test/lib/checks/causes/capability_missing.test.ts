import { describe, expect, it } from 'vitest'
import { capabilityMissing } from '../../../../lib/checks/causes/capability_missing.js'
import { chosenSocketOptions } from '../../../../lib/scenario/socket_options.js'
import { explaining, linesOf, predicting, run, tally } from '../fixtures.js'

const marked = { socketOptions: chosenSocketOptions({ mark: 7 }) }
const none = '0000000000000000'
const netAdmin = '0000000000001000'
const netRaw = '0000000000002000'
const linux510 = { major: 5, minor: 10, patch: 0 }

describe('predict', () => {
  const predict = (kernel: object, scenario: object = marked) =>
    capabilityMissing.predict?.(predicting({ facts: { kernel }, scenario }))

  it('says before the run that no socket can be marked without the capability', () => {
    expect(predict({ capabilities: none })).toMatchObject({
      severity: 'critical',
      bindsAt: 0,
      events: 10_000
    })
  })

  it.each([
    ['CAP_NET_ADMIN is held', { capabilities: netAdmin }],
    ['CAP_NET_RAW is held and the kernel takes it', { capabilities: netRaw }],
    ['the capabilities are unknown', { capabilities: null }]
  ])('is silent when %s', (_, kernel) => {
    expect(predict(kernel)).toBeNull()
  })

  it('requires CAP_NET_ADMIN before Linux 5.17, even with CAP_NET_RAW', () => {
    expect(predict({ capabilities: netRaw, version: linux510 })).not.toBeNull()
  })

  it('is silent for a run without a mark', () => {
    expect(predict({ capabilities: none }, {})).toBeNull()
  })
})

describe('explain', () => {
  const outcome = run({ errors: [tally('socket', 'EPERM', 500)] })
  const explain = (kernel: object, scenario: object = marked) =>
    capabilityMissing.explain?.(explaining({ run: outcome, facts: { kernel }, scenario }))

  it('names the refused option and the capability it needs', () => {
    const verdict = explain({ capabilities: none })
    expect(verdict).toMatchObject({
      title: '500 sockets could not be marked: that takes CAP_NET_ADMIN or CAP_NET_RAW',
      evidence: [
        { name: 'errors.socket.EPERM', after: expect.stringContaining('500') },
        { name: 'scenario.socketOptions.mark', after: 7 },
        { name: 'CapEff', after: none }
      ]
    })
    expect(linesOf(verdict)[1]).toMatch(/^setcap cap_net_admin\+ep /)
  })

  it('names it in a user namespace even with the capability, which may not count there', () => {
    expect(explain({ capabilities: netAdmin, initialUserNamespace: false })).not.toBeNull()
  })

  it('ignores EPERM that has another reason', () => {
    expect(explain({ capabilities: netAdmin })).toBeNull()
    expect(explain({ capabilities: none }, {})).toBeNull()
  })
})
