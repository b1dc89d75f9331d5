/** Network namespaces that belong to one test, and the command line inside them. Needs root. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Ended, ending } from '../cli/run_cli.js'

/** The built command line. */
export const main = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url))

/** False without root, unshare(1) or nsenter(1): tests that need a namespace are skipped then. */
export const mayMakeNamespaces =
  spawnSync('unshare', ['-n', 'true']).status === 0 && spawnSync('nsenter', ['--version']).status === 0

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** A namespace with loopback up. It ends with the process that holds it, which ends with this process. */
export class Namespace implements Disposable {
  readonly pid: number
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
    this.pid = holder.pid ?? 0
  }

  /** @param parent the namespace it is made in, which sets what a new one begins with; default: ours */
  static async create(parent?: Namespace): Promise<Namespace> {
    const [command = '', ...args] = [
      ...(parent ? ['nsenter', `--net=/proc/${parent.pid}/ns/net`] : []),
      // The holder reads from this process until it ends.
      ...['unshare', '-n', 'sh', '-c', 'ip link set lo up && echo up && exec cat']
    ]
    const holder = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
    await once(createInterface({ input: holder.stdout }), 'line')
    return new Namespace(holder)
  }

  /** Runs a command inside to its end and returns its output. */
  run(command: string, ...args: string[]): string {
    return execFileSync('nsenter', [`--net=/proc/${this.pid}/ns/net`, command, ...args], {
      env,
      encoding: 'utf8'
    })
  }

  /** Starts a command inside. */
  spawn(command: string, ...args: string[]): ChildProcess {
    return spawn('nsenter', [`--net=/proc/${this.pid}/ns/net`, command, ...args], {
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe']
    })
  }

  /** Starts `c1m-native ARGS` inside. */
  start(...args: string[]): ChildProcess {
    return this.spawn(process.execPath, main, ...args)
  }

  /** Runs `c1m-native ARGS` inside to its end. */
  cli(...args: string[]): Promise<Ended> {
    return ending(this.start(...args))
  }

  [Symbol.dispose](): void {
    this.#holder.kill('SIGKILL')
  }
}

/** Joins two namespaces by a cable with an address at each end, and the same name at both. */
export function connectNamespaces(
  a: Namespace,
  addressA: string,
  b: Namespace,
  addressB: string,
  name = 'veth0'
): void {
  a.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', `${b.pid}`)
  for (const [namespace, address] of [
    [a, addressA],
    [b, addressB]
  ] as const) {
    namespace.run('ip', 'address', 'add', address, 'dev', name)
    namespace.run('ip', 'link', 'set', name, 'up')
  }
}

/** The JSON objects a process prints, one per line. */
export async function* jsonLines(child: ChildProcess): AsyncGenerator<Record<string, unknown>> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
    yield JSON.parse(line)
}
