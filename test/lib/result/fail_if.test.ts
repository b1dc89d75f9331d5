import { describe, expect, it } from 'vitest'
import { parseFailIf } from '../../../lib/result/fail_if.js'
import { caught } from '../../helpers/caught.js'
import { eventfulResult, exampleResult } from '../../helpers/example_result.js'

const holds = (text: string, result = eventfulResult()) => parseFailIf(text).holds(result)

describe('the condition', () => {
  it.each([
    ['failed>0', 'connections.failed is 300, so failed>0 holds'],
    ['connections.failed > 0', 'connections.failed is 300, so connections.failed > 0 holds'],
    ['established<1m', 'connections.established is 700, so established<1m holds'],
    ['connections.established!=1k', 'connections.established is 700, so connections.established!=1k holds'],
    ['retransmits.syn>=15', 'retransmits.syn is 15, so retransmits.syn>=15 holds'],
    ['retransmits.syn==15', 'retransmits.syn is 15, so retransmits.syn==15 holds'],
    ['closedByPeer<=12', 'connections.closedByPeer is 12, so closedByPeer<=12 holds'],
    ['connectLatency.p99>50ms', 'connectLatency.p99 is 1,010,000us, so connectLatency.p99>50ms holds'],
    ['connectLatency.p99>1s', 'connectLatency.p99 is 1,010,000us, so connectLatency.p99>1s holds'],
    ['connectLatency.p99>1009999', 'connectLatency.p99 is 1,010,000us, so connectLatency.p99>1009999 holds'],
    [
      'connectLatency.withoutSynRetry.p99>0.3ms',
      'connectLatency.withoutSynRetry.p99 is 310us, so connectLatency.withoutSynRetry.p99>0.3ms holds'
    ],
    [
      'connectLatency.p99>1,009,999',
      'connectLatency.p99 is 1,010,000us, so connectLatency.p99>1,009,999 holds'
    ],
    ['totalSeconds>1e1', 'timing.totalSeconds is 10.0121s, so totalSeconds>1e1 holds'],
    ['totalSeconds>10s', 'timing.totalSeconds is 10.0121s, so totalSeconds>10s holds'],
    ['timing.totalSeconds>10.01', 'timing.totalSeconds is 10.0121s, so timing.totalSeconds>10.01 holds'],
    ['timing.dialSeconds<5ms', 'timing.dialSeconds is 0.0042s, so timing.dialSeconds<5ms holds'],
    [
      'connectsPerSecond<240k/s',
      'timing.connectsPerSecond is 238,095.2/s, so connectsPerSecond<240k/s holds'
    ],
    ['connectsPerSecond<240k', 'timing.connectsPerSecond is 238,095.2/s, so connectsPerSecond<240k holds'],
    [
      'memory.kernelSlabBytesPerSocket>3.5KiB',
      'memory.kernelSlabBytesPerSocket is 3,942B, so memory.kernelSlabBytesPerSocket>3.5KiB holds'
    ],
    ['pacing.max>0.5ms', 'pacing.max is 900us, so pacing.max>0.5ms holds'],
    ['churn.transactions>0', 'churn.transactions is 5,000, so churn.transactions>0 holds'],
    ['churn.timeWait.peak>4k', 'churn.timeWait.peak is 4,711, so churn.timeWait.peak>4k holds'],
    ['churn.tupleRestSeconds<1m', 'churn.tupleRestSeconds is 12.1s, so churn.tupleRestSeconds<1m holds'],
    ['exchange.failed>0', 'exchange.failed is 7, so exchange.failed>0 holds'],
    ['exchange.bytesSent>1KiB', 'exchange.bytesSent is 29,940B, so exchange.bytesSent>1KiB holds'],
    ['process.tables>1', 'process.tables is 4, so process.tables>1 holds']
  ])('%s holds', (text, sentence) => {
    expect(holds(text)).toBe(sentence)
    expect(parseFailIf(text).text).toBe(text)
  })

  it.each([
    'failed>300',
    'failed<300',
    'failed==0',
    'failed!=300',
    'established>=701',
    'established<=699',
    'connectLatency.p99>2s',
    'totalSeconds>1m',
    'memory.processRssBytes>1GiB'
  ])('%s does not hold', (text) => {
    expect(holds(text)).toBeNull()
  })

  it.each(['exchangeLatency.p99>1s', 'churn.transactions<0', 'pacing.p99>1s', 'retransmits.segments>1m'])(
    '%s counts as held when the value was not measured',
    (text) => {
      const path = text.split(/[<>]/)[0]
      expect(holds(text, exampleResult())).toBe(
        `${path} was not measured in this run, so ${text} counts as held`
      )
    }
  )

  it('on a latency does not hold without a connection', () => {
    const buckets = { fromUs: [], toUs: [], counts: [] }
    const none = { unit: 'us', count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, buckets } as const
    const result = exampleResult({ connectLatency: { ...none, withoutSynRetry: none } })
    expect(holds('connectLatency.p99>1h', result)).toContain('was not measured')
    expect(holds('connectLatency.withoutSynRetry.p99>1h', result)).toContain('was not measured')
    expect(holds('connectLatency.count==0', result)).toBe(
      'connectLatency.count is 0, so connectLatency.count==0 holds'
    )
    expect(holds('connectLatency.count>0', result)).toBeNull()
  })
})

describe('an invalid condition is refused:', () => {
  it.each([
    ['', "failIf '' is not of the form FIGURE OPERATOR NUMBER"],
    ['failed', "failIf 'failed' is not of the form FIGURE OPERATOR NUMBER"],
    ['>0', "failIf '>0' is not of the form FIGURE OPERATOR NUMBER"],
    ['failed=0', "failIf 'failed=0' has the operator ="],
    ['failed=>0', "failIf 'failed=>0' has the operator =>"],
    ['failures>0', "failIf 'failures>0' names 'failures', which is no figure of the result"],
    ['p99>1s', "failIf 'p99>1s' names 'p99', which is no figure of the result"],
    ['connections>0', "failIf 'connections>0' names 'connections', which is no figure of the result"],
    [
      'connectLatency.p98>1s',
      "failIf 'connectLatency.p98>1s' names 'connectLatency.p98', which is no figure of the result"
    ],
    [
      'connectLatency.unit==0',
      "failIf 'connectLatency.unit==0' names 'connectLatency.unit', which is no figure of the result"
    ],
    ['failed.count>0', "failIf 'failed.count>0' names 'failed.count', which is no figure of the result"],
    ['toString>0', "failIf 'toString>0' names 'toString', which is no figure of the result"],
    ['failed>', "failIf 'failed>' compares with '', which is no count"],
    ['failed>none', "failIf 'failed>none' compares with 'none', which is no count"],
    ['failed>5s', "failIf 'failed>5s' compares with '5s', which is no count"],
    ['failed>-1', "failIf 'failed>-1' compares with '-1', which is no count"],
    ['connectLatency.p99>5k', "failIf 'connectLatency.p99>5k' compares with '5k', which is no duration"],
    ['connectsPerSecond<5ms', "failIf 'connectsPerSecond<5ms' compares with '5ms', which is no rate"],
    ['memory.processRssBytes>5s', "failIf 'memory.processRssBytes>5s' compares with '5s', which is no size"]
  ])('%j', (text, message) => {
    expect(caught(() => parseFailIf(text))).toMatchObject({
      code: 'C1M_FAIL_IF_INVALID',
      message,
      exitCode: 2
    })
  })

  it.each([
    ['failed=0', 'Operators are > >= < <= == !=.'],
    [
      'retransmits.sin>0',
      'Figures of retransmits are syn, connectionsWithSynRetry, firstSynAnswered, repeatedSynAnswered, segments, connectionsWithRetransmit.'
    ],
    ['pacing>0', 'Figures of pacing are p50, p99, max.'],
    ['failed>none', 'Write a count like 10000, 250k or 1m.'],
    [
      'failures>0',
      expect.stringMatching(
        /^Figures are requested, .*skippedPorts, dialSeconds, .* and those of connections, timing, .*$/
      )
    ]
  ])('%j, with the possible names', (text, hint) => {
    expect(caught(() => parseFailIf(text))).toMatchObject({ hint })
  })
})
