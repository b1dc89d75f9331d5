/** Programs a lab runs: argument lists, never a shell. */
import { spawnSync } from 'node:child_process'
import { C1mError } from '../../base/errors.js'

/** A program with its arguments, and what it reads from stdin. */
export interface Command {
  readonly argv: readonly string[]
  readonly input?: string
}

/** How a command ended; `status` is null when it could not be started. */
export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end. Synchronous, because undoing must work while the process exits; each takes milliseconds.
 */
export type Spawn = (command: Command) => Ended

export const spawnCommand: Spawn = ({ argv: [file = '', ...args], input }) => {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    ...(input !== undefined && { input }),
    encoding: 'utf8',
    env: environment()
  })
  return { status, stdout: stdout ?? '', stderr: error ? error.message : stderr }
}

/**
 * Runs a command that has to succeed; gives what it printed.
 * @throws C1mError C1M_LAB_FAILED
 */
export function execute(spawn: Spawn, command: Command): string {
  const { status, stdout, stderr } = spawn(command)
  if (status === 0) return stdout
  const reason = stderr.trim().split('\n')[0] ?? ''
  throw new C1mError(
    'C1M_LAB_FAILED',
    `'${command.argv.join(' ')}' failed${reason === '' ? ` with ${status}` : `: ${reason}`}`,
    { hint: 'c1m-native lab list tells what each lab needs.' }
  )
}

/** The command as it runs inside a named network namespace; nsenter(1) leaves /sys as it is, ip-netns(8) does not. */
export function inside(namespace: string, argv: readonly string[]): string[] {
  return ['nsenter', `--net=${namespaceFolder}/${namespace}`, '--', ...argv]
}

/** Where ip-netns(8) keeps its names. */
export const namespaceFolder = '/run/netns'

/** Where programs of administrators are, which is not on everybody's PATH. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` }
}
