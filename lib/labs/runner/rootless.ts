/**
 * Runs labs without root: the whole run happens in a user namespace, in which the caller may make network namespaces, and
 * in a process namespace, so that no process outlives the run.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { C1mError, exitCodes } from '../../base/errors.js'
import { environment, execute, spawnCommand } from '../sandbox/external_command.js'

/** An environment variable that is set for the run inside. */
const insideVariable = 'C1M_LAB_ROOTLESS'

/**
 * Root can run labs in this process. For other users, runs `argv` to its end in a user namespace.
 * @returns the exit code of the run inside; null: run the lab in this process
 * @throws C1mError C1M_LAB_UNAVAILABLE where the kernel allows no such namespace
 */
export async function runElsewhere(argv: readonly string[], signal: AbortSignal): Promise<number | null> {
  if (process.geteuid?.() !== 0) return await runInside(argv, signal)
  if (process.env[insideVariable] === '1') settleInside()
  return null
}

/** Passes the first abort of `signal` to the run inside, which then reports. If this process is killed, that run ends. */
async function runInside(argv: readonly string[], signal: AbortSignal): Promise<number> {
  refuseWithoutNamespaces()
  const child = spawn('unshare', [...unshared, ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...environment(), [insideVariable]: '1' }
  })
  // unshare(1) forwards no signals, so a message does. Ctrl-C reaches the run inside from the terminal.
  const stop = () => child.connected && child.send('stop')
  signal.addEventListener('abort', stop, { once: true })
  const [code] = (await once(child, 'exit')) as [number | null]
  signal.removeEventListener('abort', stop)
  return code ?? exitCodes.internal
}

/** Prepares the run inside: gives it a /run of its own, because names of namespaces are files there. */
function settleInside(): void {
  execute(spawnCommand, { argv: ['mount', '-t', 'tmpfs', 'tmpfs', '/run'] })
  const stop = () => process.kill(process.pid, 'SIGINT')
  // The process outside was killed. When process 1 exits, the kernel ends every process in its namespace.
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
