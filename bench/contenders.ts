/** The programs that are compared: this engine, a bare C loop, and pure `node:net`. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Snapshot } from '../lib/dial/snapshot.js'
import type { RunResult } from '../lib/result/result.js'
import { runJson, Talker } from './child.js'
import { CannotRun } from './suite.js'

/** The bundle lies in build/, one level below the package. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url))
/** The command line as npm installs it. */
export const commandLine = join(packageRoot, 'dist/cli/bin.cjs')

/** `c1m-native dial` as a user runs it. RST, as the yardsticks close, so that no TIME_WAIT bends the next run. */
export async function dialOurs(connections: number, options: readonly string[] = []): Promise<RunResult> {
  const args = [commandLine, 'dial', '-c', String(connections), '--close', 'rst', '--json', '-q', ...options]
  const result = await runJson<RunResult>(process.execPath, args)
  if (result.connections.established !== connections) {
    throw new Error(`only ${result.connections.established} of ${connections} connections were established`)
  }
  return result
}

/** Like {@link dialOurs}, with a hold; calls `held` with the process's id while all connections stand. */
export async function holdOurs(
  connections: number,
  holdMs: number,
  held: (pid: number) => void
): Promise<RunResult> {
  const args = ['-c', String(connections), '--hold', `${holdMs}ms`, '--close', 'rst', '--ndjson', '-q']
  await using talker = new Talker(process.execPath, [commandLine, 'dial', ...args])
  for (let told = false; ; ) {
    const line = await talker.hear<Snapshot | RunResult>()
    if ('schema' in line) return line
    if (told || line.phase !== 'holding' || line.established !== connections) continue
    told = true
    held(talker.pid)
  }
}

/** Opens connections with yardstick/bare_dial.c. */
export function dialBare({ program }: Yardstick, connections: number): Promise<BareResult> {
  return runJson(program, [String(connections)])
}

/** What yardstick/bare_dial.c prints. */
export interface BareResult {
  connections: number
  seconds: number
  connectsPerSecond: number
  cpuSeconds: number
  maxRssBytes: number
  /** Seconds after the start at which each tenth of the connections stood. */
  tenthsSeconds: number[]
}

/** A C yardstick, compiled for this machine; disposing of it deletes the program. */
export class Yardstick implements AsyncDisposable {
  /** Path of the program. */
  readonly program: string
  readonly #directory: string

  private constructor(directory: string, name: string) {
    this.#directory = directory
    this.program = join(directory, name)
  }

  /**
   * Compiles `yardstick/NAME.c`.
   * @throws CannotRun without a C compiler
   */
  static async compile(name: 'bare_dial' | 'bare_churn'): Promise<Yardstick> {
    const yardstick = new Yardstick(await mkdtemp(join(tmpdir(), 'c1m-bench-')), name)
    const source = join(packageRoot, `bench/yardstick/${name}.c`)
    try {
      await promisify(execFile)('cc', ['-O2', '-pthread', '-o', yardstick.program, source])
    } catch (error) {
      await yardstick[Symbol.asyncDispose]()
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      throw missing ? new CannotRun('there is no C compiler (cc) to build the yardstick with') : error
    }
    return yardstick
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true })
  }
}

/** A native listener in a process of its own, which every contender of a suite dials. */
export class Server implements AsyncDisposable {
  readonly targets: readonly string[]
  readonly #talker: Talker

  private constructor(talker: Talker, targets: readonly string[]) {
    this.#talker = talker
    this.targets = targets
    this.#drain()
  }

  /** Listens on `ports` ports of 127.0.0.1 that the kernel chooses. */
  static async start(ports: number, options: readonly string[] = []): Promise<Server> {
    const wanted = Array.from({ length: ports }, () => '127.0.0.1:0')
    const args = [commandLine, 'listen', ...wanted, '--ndjson', '-q', ...options]
    const talker = new Talker(process.execPath, args)
    const { targets } = await talker.hear<{ targets: string[] }>()
    return new Server(talker, targets)
  }

  get pid(): number {
    return this.#talker.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#talker[Symbol.asyncDispose]()
  }

  /** Its snapshots are of no interest, but its pipe must not fill up. */
  async #drain(): Promise<void> {
    try {
      for (;;) await this.#talker.hear()
    } catch {
      // It has ended, as it was told to.
    }
  }
}

/** What net/dial_net.mjs prints. */
interface NetResult {
  connections: number
  failed: number
  startedNs: string
  endedNs: string
  rssBytesPerConnection: number
  heapBytesPerConnection: number
}

/** Several `node:net` processes dialing at the same time, as one. */
export interface NetTotal {
  connections: number
  connectsPerSecond: number
  rssBytesPerConnection: number
  heapBytesPerConnection: number
}

/** Dials from `processes` processes of pure `node:net` at once, each with `connections` connections. */
export async function dialNet(
  processes: number,
  connections: number,
  { targets }: Server
): Promise<NetTotal> {
  const script = join(packageRoot, 'bench/net/dial_net.mjs')
  const ports = targets.map((target) => target.split(':').at(-1)).join(',')
  const dialers = Array.from(
    { length: processes },
    () => new Talker(process.execPath, [script, String(connections), ports])
  )
  try {
    await Promise.all(dialers.map((dialer) => dialer.hear()))
    for (const dialer of dialers) dialer.say('go')
    const results = await Promise.all(dialers.map((dialer) => dialer.hear<NetResult>()))
    await Promise.all(dialers.map((dialer) => dialer.dismiss()))
    return total(results)
  } finally {
    await Promise.all(dialers.map((dialer) => dialer[Symbol.asyncDispose]()))
  }
}

/** From the first process's first connect to the last one's last connection. */
function total(results: readonly NetResult[]): NetTotal {
  const connections = sum(results.map((result) => result.connections))
  const failed = sum(results.map((result) => result.failed))
  if (failed > 0) throw new Error(`${failed} connections of node:net failed`)
  const startedNs = Math.min(...results.map(({ startedNs }) => Number(startedNs)))
  const endedNs = Math.max(...results.map(({ endedNs }) => Number(endedNs)))
  return {
    connections,
    connectsPerSecond: connections / ((endedNs - startedNs) / 1e9),
    rssBytesPerConnection: sum(results.map((r) => r.rssBytesPerConnection)) / results.length,
    heapBytesPerConnection: sum(results.map((r) => r.heapBytesPerConnection)) / results.length
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
