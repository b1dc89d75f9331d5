/** Runs the built command line as a user does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** An environment without variables that control color. */
function neutral(env: Record<string, string>): NodeJS.ProcessEnv {
  const { NO_COLOR, FORCE_COLOR, C1M_DEBUG, ...inherited } = process.env
  return { ...inherited, ...env }
}

/** Starts `c1m-native ARGS`. */
export function startCli(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`)
  return spawn(process.execPath, [main, ...args], {
    env: neutral(env),
    stdio: ['ignore', 'pipe', 'pipe']
  })
}

/** The output of a started process from now on, and how it ends. */
export async function ending(child: ChildProcess): Promise<Ended> {
  const closed = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve([code, signal]))
  })
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    closed
  ])
  return { code, signal, stdout, stderr }
}

/** Runs `c1m-native ARGS` to its end. */
export function runCli(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return ending(startCli(args, env))
}

/** Runs a line of shell in which `$C1M` is the command. */
export function runShell(script: string): Promise<Ended> {
  return ending(
    spawn('bash', ['-o', 'pipefail', '-c', script], {
      env: neutral({ C1M: `${process.execPath} ${main}` }),
      stdio: ['ignore', 'pipe', 'pipe']
    })
  )
}
