/** `c1m-native doctor`: say what of this host binds, and set it. */
import { doctor, revertDoctor } from '../../doctor.js'
import { exitCodes } from '../../errors.js'
import { doctorReport, reversionReport } from '../../report/doctor_text.js'
import { parseOptions, pick, usageError } from '../options.js'
import { Reporter } from '../reporter.js'
import { doctorTable, goalOptions } from '../tables/doctor.js'

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals: targets } = parseOptions(doctorTable, argv, 'c1m-native doctor')
  const { apply, revert } = values
  if (apply && revert) throw usageError('--apply and --revert exclude each other', 'Choose one.')
  using reporter = new Reporter(values)
  if (revert) {
    const reversion = revertDoctor()
    await reporter.result(reversion, () => reversionReport(reversion))
    return exitCodes.ok
  }
  const report = await doctor({ ...pick(values, goalOptions), targets, ...(apply && { apply }) })
  await reporter.result(report, (paint) => doctorReport(report, paint))
  return report.fits ? exitCodes.ok : exitCodes.hostLimit
}
