/** Runs of the addon itself, without the library around them. */
import { native } from '../../lib/engine/native.js'
import type { NativeRun } from '../../lib/engine/native_run.js'

/** A run with any configuration, also one that the types forbid. */
export function createRun(config: unknown, onEvent: unknown = () => {}): NativeRun {
  return new (native().Run)(config as never, onEvent as never)
}

/** Starts a run and resolves with the events it has sent when it is closed. */
export function runThrough(config: unknown, act: (run: NativeRun, event: string) => void) {
  return new Promise<string[]>((resolve) => {
    const events: string[] = []
    const run = createRun(config, (event: string) => {
      events.push(event)
      act(run, event)
      if (event !== 'closed') return
      run.join()
      resolve(events)
    })
    run.start()
    act(run, 'started')
  })
}
