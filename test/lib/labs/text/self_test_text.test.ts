import { describe, expect, it } from 'vitest'
import type { SelfTest } from '../../../../lib/labs/runner/self_test.js'
import { selfTestText } from '../../../../lib/labs/text/self_test_text.js'
import { exampleResult } from '../../../helpers/example_result.js'

describe('the text of a self-test', () => {
  const test: SelfTest = {
    schema: 'c1m-native/self-test@1',
    version: '0.0.0',
    host: { ...exampleResult().host, kernel: '6.18.44' },
    ok: false,
    detectors: [
      { id: 'syn-loss', lab: 'syn-loss', proven: true, reasons: [] },
      { id: 'time-wait-paws', lab: 'nat-paws', proven: false, reasons: ["'33 ports' broke nothing"] },
      { id: 'conntrack-table-full', lab: 'conntrack-full', proven: null, reasons: ['nft is not installed'] },
      { id: 'tcp-memory', lab: null, proven: null, reasons: [] },
      { id: 'orphan-limit', lab: null, proven: null, reasons: [] }
    ],
    totalSeconds: 40
  }

  it('has a line for each detector with a lab, and names the others', () => {
    expect(selfTestText(test, (_, text) => text)).toMatchInlineSnapshot(`
      "1 of 3 detectors with a quick lab passed on Linux 6.18.44, in 40 s.

      syn-loss                 passed  lab run syn-loss
      time-wait-paws           FAILED  lab run nat-paws; '33 ports' broke nothing
      conntrack-table-full  not tried  lab run conntrack-full; nft is not installed

      without a lab: tcp-memory, orphan-limit
      "
    `)
  })
})
