/** Runs a program to its end. Commands are argument lists, never a shell's text. */
import { spawnSync } from 'node:child_process'
import { C1mError } from '../../base/errors.js'

/** A program with its arguments, and its stdin. */
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

/** Synchronous, because clean-up must work while this process exits. Each command takes milliseconds. */
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
 * Runs a command that must succeed; returns what it printed.
 * @throws C1mError C1M_LAB_FAILED
 */
export function execute(spawn: Spawn, command: Command): string {
  const { status, stdout, stderr } = spawn(command)
  if (status === 0) return stdout
  const reason = stderr.trim().split('\n')[0] ?? ''
  throw new C1mError(
    'C1M_LAB_FAILED',
    `'${command.argv.join(' ')}' failed${reason === '' ? ` with ${status}` : `: ${reason}`}`,
    { hint: 'c1m-native lab list shows what each lab needs.' }
  )
}

/** The command inside a named network namespace. Unlike `ip netns exec`, nsenter(1) does not mount another /sys. */
export function inside(namespace: string, argv: readonly string[]): string[] {
  return ['nsenter', `--net=${namespaceFolder}/${namespace}`, '--', ...argv]
}

/** ip-netns(8) has a file here for each named namespace. */
export const namespaceFolder = '/run/netns'

/** Adds the folders of administrators' programs, which are missing from many users' PATH. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` }
}
