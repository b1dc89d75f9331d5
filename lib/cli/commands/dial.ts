/** `c1m-native dial`: open connections, hold them, report what happened. */
import type { DialRun } from '../../dial/dial.js'
import type { Paint } from '../../report/paint.js'
import type { FailIf } from '../../result/fail_if.js'
import type { CommandContext } from '../command.js'
import { dialExitCode } from '../exit_code.js'
import { allDialOptions, libraryOptions } from '../options/dial.js'
import { parseOptions, pick } from '../parse_options.js'
import { dialProgress } from '../progress.js'
import { RampOutlook } from '../ramp_outlook.js'
import { Reporter } from '../reporter.js'

export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals: targets } = parseOptions(allDialOptions, argv, 'c1m-native dial')
  const conditions = await readConditions(values.failIf ?? [])
  using reporter = new Reporter(values)

  const { dial } = await import('../../dial/dial.js')
  const { interrupted } = context
  await using dialing = dial({ ...pick(values, libraryOptions), targets })
  const stop = () => void dialing.close()
  for (const signal of [interrupted, reporter.unwatched]) {
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  }
  const watching = watch(dialing, reporter)
  // A run that cannot be shown is stopped; what it has measured until then is reported all the same.
  watching.catch(stop)
  const result = await dialing.result
  context.allClosed()

  const text = async (paint: Paint, width: number) =>
    (await import('../../report/dial_text.js')).dialReport(result, paint, width)
  await reporter.result(result, text, watching, interrupted)
  const failures = conditions.flatMap((condition) => condition.holds(result) ?? [])
  for (const failure of failures) process.stderr.write(`c1m-native: --fail-if: ${failure}.\n`)
  return dialExitCode({ result, interrupted: interrupted.aborted, failed: failures.length > 0 })
}

/** Before the run: a condition with a typing mistake must not cost one. */
async function readConditions(texts: readonly string[]): Promise<FailIf[]> {
  if (texts.length === 0) return []
  const { parseFailIf } = await import('../../result/fail_if.js')
  return texts.map((text) => parseFailIf(text))
}

async function watch(dialing: DialRun, reporter: Reporter): Promise<void> {
  if (reporter.everyMs === undefined) return
  const goal = await dialing.started
  let holdingSince: number | undefined
  const outlook = new RampOutlook(goal)
  const named = new Set<string>()
  for await (const snapshot of dialing.snapshots({ everyMs: reporter.everyMs })) {
    if (snapshot.phase === 'holding') holdingSince ??= snapshot.tSeconds
    const holdSeconds = snapshot.tSeconds - (holdingSince ?? snapshot.tSeconds)
    // The report tells of those that stand at the end.
    for (const { id, severity, title } of snapshot.phase === 'done' ? [] : snapshot.findings) {
      if (!named.has(id)) reporter.note(`${severity}: ${title} (${id})`)
      named.add(id)
    }
    const ramp = outlook.partsOf(snapshot)
    if (snapshot.phase !== 'done')
      reporter.progress((room) => dialProgress(snapshot, goal, holdSeconds, ramp, room))
    await reporter.line(snapshot)
  }
}
