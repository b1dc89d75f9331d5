/** Runs a few lines of JavaScript in a Node process of their own, as a user of the built package would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { type Ended, ending } from '../cli/run_cli.js'

const library = new URL('../../dist/index.js', import.meta.url).href

export interface ScriptOptions {
  /** Options of Node, e.g. `--expose-gc`. */
  nodeOptions?: readonly string[]
  /** A command that starts what follows it, e.g. `prlimit --nofile=64`. */
  under?: readonly string[]
  env?: Record<string, string>
}

/** Starts `source`, an ES module that finds the library's exports as `c1m` and its address as `library`. */
export function startScript(
  source: string,
  { nodeOptions = [], under = [], env = {} }: ScriptOptions = {}
): ChildProcess {
  const prelude = `const library = ${JSON.stringify(library)}; const c1m = await import(library);`
  const [command = '', ...args] = [
    ...under,
    process.execPath,
    ...nodeOptions,
    '--input-type=module',
    '--eval',
    `${prelude}\n${source}`
  ]
  return spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs `source` to its end. */
export function runScript(source: string, options?: ScriptOptions): Promise<Ended> {
  return ending(startScript(source, options))
}

/** Runs `source`, which must succeed, and returns the JSON that it printed on its last line. */
export async function resultOf<T>(source: string, options?: ScriptOptions): Promise<T> {
  const { code, signal, stdout, stderr } = await runScript(source, options)
  if (code !== 0) throw new Error(`the script ended with ${signal ?? code}:\n${stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
