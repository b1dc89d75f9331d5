import { describe, expect, it } from 'vitest'
import { hostFileLimit } from '../../../../lib/checks/causes/host_file_limit.js'
import { sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, predicting, run, tally } from '../fixtures.js'

describe('predict', () => {
  const tight = { limits: { fileMax: 10_000, filesOpen: 1000 } }
  const predict = (kernel: object = {}) =>
    hostFileLimit.predict?.(predicting({ facts: { ...tight, kernel } }))

  it('names the number of connections at which the limit is reached', () => {
    expect(predict()).toMatchObject({ bindsAt: 9000, events: 1000, remedy: [sysctl('fs.file-max', 16_384)] })
  })

  it('is silent for a user with CAP_SYS_ADMIN on the host', () => {
    const administrator = { capabilities: '0000000000200000' }
    expect(predict(administrator)).toBeNull()
    expect(predict({ ...administrator, initialUserNamespace: false })).not.toBeNull()
  })

  it('is silent for an unknown limit', () => {
    expect(hostFileLimit.predict?.(predicting({ facts: { limits: { fileMax: null } } }))).toBeNull()
  })
})

it('host-file-limit names ENFILE', () => {
  const outcome = run({ errors: [tally('socket', 'ENFILE', 77)] })
  expect(hostFileLimit.explain?.(explaining({ run: outcome }))).toMatchObject({
    severity: 'critical',
    title: '77 sockets could not be had: the host has as many open files as it may, 2,465,966'
  })
  expect(hostFileLimit.explain?.(explaining())).toBeNull()
})
