import { Engine } from '../../lib/engine/engine.js'
import type { NativeRunConfig } from '../../lib/engine/native_run.js'

/** A started engine. */
export function startEngine(config: NativeRunConfig): Engine {
  const engine = new Engine(config)
  engine.start()
  return engine
}
