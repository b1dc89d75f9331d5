import { describe, expect, it } from 'vitest'
import { timeWaitOverflow } from '../../../../lib/checks/causes/time_wait_overflow.js'
import { sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, predicting, rose, run, watching } from '../fixtures.js'

const deltas = rose({ 'TcpExt.TCPTimeWaitOverflow': 120 })
const facts = { tcp: { maxTwBuckets: 10 } }

describe('explain', () => {
  it('names the limit beside a server', () => {
    expect(
      timeWaitOverflow.explain?.(watching({ deltas, facts, counters: { 'Sockstat.TCP.tw': 10 } }))
    ).toMatchObject({
      severity: 'warning',
      side: 'server',
      title: '120 connections closed without TIME_WAIT: no more than 10 sockets may wait',
      remedy: [sysctl('net.ipv4.tcp_max_tw_buckets', 512)]
    })
  })

  it('reports info when it affects fewer than a hundredth of the connections of a server', () => {
    const busy = { ...deltas, ...rose({ 'Tcp.PassiveOpens': 100_000 }) }
    expect(timeWaitOverflow.explain?.(watching({ deltas: busy, facts }))).toMatchObject({ severity: 'info' })
  })

  it('reports info when the peer closes during the run', () => {
    const closed = run({ connections: { closedByPeer: 120 } })
    expect(timeWaitOverflow.explain?.(explaining({ run: closed, deltas, facts }))).toMatchObject({
      severity: 'info'
    })
  })

  it('is silent when a run closes at its end', () => {
    expect(timeWaitOverflow.explain?.(explaining({ deltas, facts }))).toBeNull()
  })
})

it('time-wait-overflow is predicted for a churn', () => {
  expect(timeWaitOverflow.predict?.(predicting({ needs: { timeWaits: 600_000 } }))).toMatchObject({
    severity: 'info',
    remedy: [sysctl('net.ipv4.tcp_max_tw_buckets', 1048576)]
  })
  expect(timeWaitOverflow.predict?.(predicting({ needs: { timeWaits: 60_000 } }))).toBeNull()
})
