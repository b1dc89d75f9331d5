/** The result of a self-test as text. Pure. */
import { figureTable } from '../../report/columns.js'
import { page } from '../../report/layout.js'
import type { Paint } from '../../report/paint.js'
import { folded, unbounded, wrapped } from '../../report/wrap.js'
import type { SelfTest } from '../runner/self_test.js'
import { took } from './took.js'

export function selfTestText(
  { host, detectors, totalSeconds }: SelfTest,
  paint: Paint,
  width = unbounded
): string {
  const tried = detectors.filter(({ lab }) => lab !== null)
  const passed = tried.filter(({ proven }) => proven)
  const untested = detectors.filter(({ lab }) => lab === null)
  const head = `${passed.length} of ${tried.length} detectors with a quick lab passed on Linux ${host.kernel}, in ${took(totalSeconds)}.`
  return page([
    ...wrapped(head, width).map((line) => paint('bold', line)),
    '',
    ...figureTable(
      tried.map(({ id, lab, proven, reasons }) => [
        id,
        proven === null ? 'not tried' : proven ? 'passed' : 'FAILED',
        [`lab run ${lab}`, ...reasons].join('; ')
      ]),
      { width, prose: true }
    ),
    '',
    ...folded(`without a lab: ${untested.map(({ id }) => id).join(', ')}`, width).map((line) =>
      paint('dim', line)
    )
  ])
}
