/** The result of a self-test as text. Pure. */
import { figureTable, type Paint, page } from '../../report/layout.js'
import type { SelfTest } from '../runner/self_test.js'

export function selfTestText({ host, detectors, totalSeconds }: SelfTest, paint: Paint): string {
  const tried = detectors.filter(({ lab }) => lab !== null)
  const passed = tried.filter(({ proven }) => proven)
  const untested = detectors.filter(({ lab }) => lab === null)
  const head = `${passed.length} of ${tried.length} detectors with a quick lab passed on Linux ${host.kernel}, in ${totalSeconds} s.`
  return page([
    paint('bold', head),
    '',
    ...figureTable(
      tried.map(({ id, lab, proven, reasons }) => [
        id,
        proven === null ? 'not tried' : proven ? 'passed' : 'FAILED',
        [`lab run ${lab}`, ...reasons].join('; ')
      ])
    ),
    '',
    paint('dim', `without a lab: ${untested.map(({ id }) => id).join(', ')}`)
  ])
}
