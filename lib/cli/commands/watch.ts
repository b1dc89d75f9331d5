/** `c1m-native watch`: look at a server from beside it, report what was seen. */
import { exitCodes } from '../../base/errors.js'
import { aborted, delay } from '../../base/pace.js'
import { watchReport } from '../../report/watch_text.js'
import { type Watch, watch } from '../../watch/watch.js'
import type { CommandContext } from '../command.js'
import { LiveView } from '../live_view.js'
import { MovingCounters } from '../moving_counters.js'
import { allWatchOptions, watchOptions } from '../options/watch.js'
import { parseOptions, pick } from '../parse_options.js'
import { Reporter } from '../reporter.js'
import { hasColor, isLive, painter } from '../terminal.js'
import { watchLine, watchPage } from '../watch_view.js'

export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals: targets } = parseOptions(allWatchOptions, argv, 'c1m-native watch')
  // Its own view takes the place of the one line of progress.
  using reporter = new Reporter({ ...values, quiet: true })
  const { interrupted } = context
  await using watching = await watch({ ...pick(values, watchOptions), targets })

  const ending = new AbortController()
  const end = () => ending.abort()
  for (const signal of [interrupted, reporter.unwatched]) {
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  }
  const shown = show(watching, reporter, values)
  shown.catch(end)
  if (values.durationMs !== undefined) delay(values.durationMs, ending.signal).then(end)
  await aborted(ending.signal)
  const result = await watching.close()
  context.allClosed()

  await reporter.result(result, (paint, width) => watchReport(result, paint, width), shown, interrupted)
  return interrupted.aborted ? exitCodes.interrupted : exitCodes.ok
}

/** Shows each look until the watch ends. */
async function show(
  watching: Watch,
  reporter: Reporter,
  { quiet, ndjson, color }: { quiet?: boolean; ndjson?: boolean; color?: boolean }
): Promise<void> {
  const { stdout, stderr } = process
  const paint = painter(hasColor(stderr, color))
  const isHidden = quiet || (ndjson && stdout.isTTY)
  const page = !isHidden && isLive(stderr) ? new LiveView(stderr) : null
  const moving = new MovingCounters()
  const told = new Set<string>()
  const tellOnce = (key: string, text: string) => {
    if (!told.has(key)) stderr.write(`${text}\n`)
    told.add(key)
  }
  try {
    for await (const snapshot of watching.snapshots()) {
      await reporter.line(snapshot)
      const current = { ...snapshot, counters: moving.of(snapshot) }
      page?.show(watchPage(current, watching.targets, paint, page.width))
      if (isHidden || page) continue
      for (const sentence of snapshot.unavailable) tellOnce(sentence, `c1m-native: ${sentence}`)
      stderr.write(`${watchLine(current)}\n`)
      for (const { id, severity, title } of snapshot.findings) tellOnce(id, `${severity}: ${title} (${id})`)
    }
  } finally {
    page?.clear()
  }
}
