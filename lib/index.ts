/** The public API. Importing it loads no addon; the first run does. */
export { type DialRun, dial } from './dial.js'
export { C1mError, type ErrorCode, type ExitCode, exitCodes } from './errors.js'
export { type ListenResult, type ListenServer, type ListenSnapshot, listen } from './listen.js'
export type * from './result.js'
export { SCHEMA } from './result.js'
export type {
  CloseMode,
  DialOptions,
  DialScenario,
  ListenMode,
  ListenOptions,
  ListenScenario
} from './scenario.js'
export type { DialPhase, Snapshot } from './snapshot.js'
