/** `c1m-native doctor`: say what of this host binds, and set it; or whether causes are named here. */

import { type ExitCode, exitCodes } from '../../base/errors.js'
import { type DoctorReport, doctor, revertDoctor } from '../../doctor/doctor.js'
import { doctorReport, reversionReport } from '../../report/doctor_text.js'
import type { CommandContext } from '../command.js'
import { LabProgress } from '../lab_progress.js'
import { allDoctorOptions, goalOptions } from '../options/doctor.js'
import { type OptionValues, parseOptions, pick, usageError } from '../parse_options.js'
import { Reporter } from '../reporter.js'

export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals: targets } = parseOptions(allDoctorOptions, argv, 'c1m-native doctor')
  const { apply, revert, allowHostChanges = false } = values
  if (apply && revert) throw usageError('--apply and --revert exclude each other', 'Choose one.')
  if (values.selfTest) {
    const goal = [
      ...Object.keys(pick(values, goalOptions)),
      ...targets,
      ...(apply || revert ? ['apply'] : [])
    ]
    if (goal.length > 0)
      throw usageError('--self-test takes no goal, no TARGET and no --apply', 'Leave the others out.')
    return await testSelf(values, allowHostChanges, argv, context.interrupted)
  }
  if (allowHostChanges) throw usageError('--allow-host-changes is for --self-test', 'Leave it out.')
  using reporter = new Reporter(values)
  if (revert) {
    const reversion = revertDoctor()
    await reporter.result(reversion, (_, width) => reversionReport(reversion, width))
    return exitCodes.ok
  }
  const report = await doctor({ ...pick(values, goalOptions), targets, ...(apply && { apply }) })
  await reporter.result(report, (paint, width) => doctorReport(report, paint, width))
  return exitCodeOf(report)
}

/** What was needed and is still too low is a failure of --apply, also where it is only warned of. Pure. */
export function exitCodeOf({
  fits,
  settings,
  application
}: Pick<DoctorReport, 'fits' | 'settings' | 'application'>): ExitCode {
  const isDone = application === null || application.blocked.length + settings.length === 0
  return fits && isDone ? exitCodes.ok : exitCodes.hostLimit
}

async function testSelf(
  values: OptionValues<typeof allDoctorOptions>,
  allowHostChanges: boolean,
  argv: readonly string[],
  interrupted: AbortSignal
): Promise<number> {
  const [{ labs }, { runElsewhere }, { selfTest }, { selfTestText }] = await Promise.all([
    import('../../labs/catalogue.js'),
    import('../../labs/runner/rootless.js'),
    import('../../labs/runner/self_test.js'),
    import('../../labs/text/self_test_text.js')
  ])
  const program = [process.execPath, process.argv[1] ?? '']
  const code = await runElsewhere([...program, 'doctor', ...argv], interrupted)
  if (code !== null) return code
  using reporter = new Reporter(values)
  using progress = new LabProgress(reporter)
  try {
    const test = await selfTest(labs, {
      program,
      allowHostChanges,
      progress: (text) => progress.step(text),
      onStart: (lab, place) => progress.start(lab, place),
      onResult: ({ expected, ok }) => reporter.note(`${expected}: ${ok ? 'passed' : 'failed'}`),
      signal: interrupted
    })
    progress.stop()
    await reporter.result(test, (paint, width) => selfTestText(test, paint, width))
    if (test.detectors.every(({ proven }) => proven === null)) return exitCodes.hostLimit
    return test.ok ? exitCodes.ok : exitCodes.goal
  } catch (error) {
    if (!interrupted.aborted) throw error
    reporter.note('stopped; cleaned up')
    return exitCodes.interrupted
  }
}
