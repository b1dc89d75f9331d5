import { describe, expect, it } from 'vitest'
import { tupleReuseRate } from '../../../../lib/checks/causes/tuple_reuse_rate.js'
import { explaining, linesOf, predicting, rose, run } from '../fixtures.js'

const nat = (lifetimeSeconds: number, sourceAddresses = 1) => ({
  ports: 63_488,
  sourceAddresses,
  lifetimeSeconds,
  rememberedBy: lifetimeSeconds === 120 ? 'LVS' : 'TIME_WAIT'
})
const predict = (ratePerSecond: number | null, lifetime: number, addresses?: number) =>
  tupleReuseRate.predict?.(predicting({ needs: { ratePerSecond, nat: nat(lifetime, addresses) } }))

describe('predict', () => {
  it.each([
    [112.5, 564],
    [60.5, 1049],
    [120, 529]
  ])('knows the rate at which 5-tuples repeat within %d s', (lifetime, perSecond) => {
    const verdict = predict(perSecond + 1, lifetime)
    expect(verdict).toMatchObject({ severity: 'critical', side: 'path' })
    expect(verdict?.title).toContain(`from ${perSecond.toLocaleString('en-US')}/s on`)
  })

  // Measured: 60 ports, at 0.8 of ports / 60 s, already meet occupied tuples.
  it('warns from the rate at which they repeat within 120 s', () => {
    expect(predict(550, 60.5)).toMatchObject({ severity: 'warning' })
    expect(predict(529, 60.5)).toBeNull()
  })

  it('names the number of addresses that raises the rate', () => {
    expect(linesOf(predict(550, 120))[0]).toMatch(/^# 2 source addresses/)
    expect(predict(550, 120, 3)).toBeNull()
  })

  it('is silent without a rate or a NAT', () => {
    expect(predict(null, 120)).toBeNull()
    expect(tupleReuseRate.predict?.(predicting({ needs: { ratePerSecond: 1e6 } }))).toBeNull()
  })
})

describe('explain', () => {
  const needs = predicting({ needs: { nat: { ...nat(120), ports: 33 } } }).needs
  const deltas = rose({ 'Tcp.OutRsts': 34, 'TcpExt.TCPSynRetrans': 34 })
  const measured = run({
    retransmits: { syn: 34, connectionsWithSynRetry: 34 },
    staleAnswers: { established: 30, timedOut: 4 }
  })

  it('names the reuse when SYNs met their predecessor', () => {
    expect(tupleReuseRate.explain?.(explaining({ run: measured, deltas, needs }))).toMatchObject({
      events: 34
    })
  })

  it('is silent when the reuse met nothing', () => {
    expect(tupleReuseRate.explain?.(explaining({ needs }))).toBeNull()
    const lossy = run({ retransmits: { syn: 34, connectionsWithSynRetry: 34 } })
    expect(tupleReuseRate.explain?.(explaining({ run: lossy, deltas, needs }))).toBeNull()
  })
})
