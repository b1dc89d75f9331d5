/** `c1m-native listen`: accept connections until told to stop, report what was accepted. */
import type { ListenServer } from '../../listen/listen.js'
import { listenReport } from '../../report/listen_text.js'
import { foldedPorts } from '../../report/port_ranges.js'
import type { CommandContext } from '../command.js'
import { listenExitCode } from '../exit_code.js'
import { allListenOptions, libraryOptions } from '../options/listen.js'
import { parseOptions, pick, usageError } from '../parse_options.js'
import { listenProgress } from '../progress.js'
import { Reporter } from '../reporter.js'

/** The longest delay a timer of Node takes: 2^31 - 1 ms, almost 25 days. */
const maxTimerMs = 2 ** 31 - 1

export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals: targets } = parseOptions(allListenOptions, argv, 'c1m-native listen')
  const { durationMs, quiet } = values
  if (durationMs !== undefined && durationMs > maxTimerMs) {
    throw usageError('--duration is more than 24 days', 'Leave it out to listen until Ctrl-C.')
  }
  using reporter = new Reporter(values)

  const { listen } = await import('../../listen/listen.js')
  await using server = await listen({
    ...pick(values, libraryOptions),
    ...(targets.length > 0 && { targets })
  })
  if (!quiet) process.stderr.write(`listening on ${foldedPorts(server.targets).join(', ')}\n`)
  await reporter.line({ targets: server.targets })

  const { interrupted } = context
  const watching = watch(server, reporter)
  // Without progress nobody watches; only a watcher that fails ends the listening.
  const failing = watching.then(
    () => new Promise<never>(() => {}),
    () => {}
  )
  await Promise.race([ended(durationMs, [interrupted, reporter.unwatched]), failing])
  const result = await server.close()
  context.allClosed()

  await reporter.result(result, (paint, width) => listenReport(result, paint, width), watching, interrupted)
  return listenExitCode({ errors: result.errors, interrupted: interrupted.aborted })
}

/** Resolves when the time has passed or one of the signals says so. Keeps the process alive until then. */
function ended(durationMs: number | undefined, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = durationMs === undefined ? setInterval(() => {}, maxTimerMs) : setTimeout(end, durationMs)
    function end() {
      clearTimeout(timer)
      resolve()
    }
    for (const signal of signals) {
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
    }
  })
}

async function watch(server: ListenServer, reporter: Reporter): Promise<void> {
  if (reporter.everyMs === undefined) return
  for await (const snapshot of server.snapshots({ everyMs: reporter.everyMs })) {
    reporter.progress(() => listenProgress(snapshot))
    await reporter.line(snapshot)
  }
}
