/**
 * Labs without root: the whole run in a user namespace, where the caller is root over namespaces of his own, and in a
 * process namespace, so that nothing survives it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { C1mError, exitCodes } from '../../base/errors.js'
import { environment, execute, spawnCommand } from '../stage/command.js'

/** Set for the run inside. */
const insideVariable = 'C1M_LAB_ROOTLESS'

/**
 * Where labs can take place: here for root; for others in a user namespace, in which `argv` is run to its end.
 * @returns the exit code of the run inside; null: go on, it is here
 * @throws C1mError C1M_LAB_UNAVAILABLE where the kernel allows no such namespace
 */
export async function runElsewhere(argv: readonly string[], signal: AbortSignal): Promise<number | null> {
  if (process.geteuid?.() !== 0) return await runInside(argv, signal)
  if (process.env[insideVariable] === '1') settleInside()
  return null
}

/** The first abort of `signal` is handed on, the run inside reports; if this process is killed, the one inside ends. */
async function runInside(argv: readonly string[], signal: AbortSignal): Promise<number> {
  refuseWithoutNamespaces()
  const child = spawn('unshare', [...unshared, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...environment(), [insideVariable]: '1' }
  })
  // unshare(1) ignores the signals it would have to hand on; Ctrl-C reaches the run inside without us.
  const stop = () => child.connected && child.send('stop')
  signal.addEventListener('abort', stop, { once: true })
  const [code] = (await once(child, 'exit')) as [number | null]
  signal.removeEventListener('abort', stop)
  return code ?? exitCodes.internal
}

/** What the run inside has to do first: names of namespaces are files in a /run of its own. */
function settleInside(): void {
  execute(spawnCommand, { argv: ['mount', '-t', 'tmpfs', 'tmpfs', '/run'] })
  const stop = () => process.kill(process.pid, 'SIGINT')
  // Killed outside: nobody is left to report to, and with process 1 everything in its namespace ends.
  process.on('message', stop).on('disconnect', () => process.exit(exitCodes.interrupted))
  process.channel?.unref()
}

const unshared = [
  '--user',
  '--map-root-user',
  '--mount',
  '--net',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--'
]

function refuseWithoutNamespaces(): void {
  const { status, stderr } = spawnCommand({ argv: ['unshare', ...unshared, 'true'] })
  if (status === 0) return
  throw new C1mError(
    'C1M_LAB_UNAVAILABLE',
    `labs need root here, because user namespaces are refused: ${stderr.trim()}`,
    {
      hint: 'Run as root, or allow them (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns).'
    }
  )
}
