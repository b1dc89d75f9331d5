/** What `dial` and `watch` name inside a network namespace. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { vi } from 'vitest'
import type { Plan } from '../../lib/plan/plan.js'
import type { Finding } from '../../lib/result/finding.js'
import type { RunResult } from '../../lib/result/result.js'
import type { WatchResult, WatchSnapshot } from '../../lib/watch/watch_result.js'
import { jsonLines, type Namespace } from './namespace.js'

/** Runs a dial to its end. */
export async function dialIn(namespace: Namespace, ...args: string[]): Promise<RunResult> {
  const { stdout, stderr } = await namespace.cli('dial', '--json', ...args)
  if (stdout === '') throw new Error(`the dial gave no result: ${stderr}`)
  return JSON.parse(stdout) as RunResult
}

/** The findings that `plan` predicts. */
export async function planIn(namespace: Namespace, ...args: string[]): Promise<Plan> {
  const { stdout, stderr } = await namespace.cli('plan', '--json', ...args)
  if (stdout === '') throw new Error(`there is no plan: ${stderr}`)
  return JSON.parse(stdout) as Plan
}

/** The ids of the findings. */
export function causesOf({ findings }: { findings: readonly Finding[] }): string[] {
  return findings.map(({ id }) => id)
}

/** A server that is not ours. */
export interface OtherServer extends AsyncDisposable {
  readonly pid: number
}

/** Starts a server in a namespace, and waits until it prints a line. */
export async function serverIn(
  namespace: Namespace,
  ...command: [string, ...string[]]
): Promise<OtherServer> {
  const child = namespace.spawn(...command)
  const exited = once(child, 'exit')
  await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return ending(child, exited)
}

/** Starts a daemon in a namespace, and waits until it listens at a port. */
export async function daemonIn(
  namespace: Namespace,
  port: number,
  ...command: [string, ...string[]]
): Promise<OtherServer> {
  const child = namespace.spawn(...command)
  const exited = once(child, 'exit')
  const isUp = () => namespace.run('ss', '-Hltn', `( sport = :${port} )`) !== ''
  await vi.waitUntil(isUp, { timeout: 20_000, interval: 20 })
  return ending(child, exited)
}

function ending(child: ChildProcess, exited: Promise<unknown>): OtherServer {
  return {
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      // Workers of a daemon end with it.
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      await exited
    }
  }
}

/** Runs the commands of a remedy in a namespace. */
export function typeIn(namespace: Namespace, line: string): void {
  namespace.run('sh', '-c', line)
}

/** Starts `listen`, and waits until it does. */
export async function listenIn(namespace: Namespace, target: string, ...args: string[]) {
  const listening = namespace.start('listen', target, '--ndjson', ...args)
  await jsonLines(listening).next()
  return {
    /** Stops it from accepting; the kernel still completes handshakes for it. */
    stop: () => listening.kill('SIGSTOP'),
    async [Symbol.asyncDispose]() {
      const exited = once(listening, 'exit')
      listening.kill('SIGKILL')
      await exited
    }
  }
}

/** Starts `watch`, and waits for its first snapshot. */
export async function watchIn(namespace: Namespace, ...args: string[]) {
  const watching = namespace.start('watch', '--every', '100ms', '--ndjson', ...args)
  const looks = jsonLines(watching) as AsyncGenerator<unknown> as AsyncGenerator<WatchSnapshot>
  await looks.next()
  return {
    /** Reads snapshots until one has a finding. */
    found(): Promise<WatchSnapshot> {
      return this.until(({ findings }) => findings.length > 0)
    },
    /** Reads snapshots until one satisfies the condition. */
    async until(enough: (look: WatchSnapshot) => boolean): Promise<WatchSnapshot> {
      for (;;) {
        const { value, done } = await looks.next()
        if (done) throw new Error('the watch ended')
        if (enough(value)) return value
      }
    },
    /** Stops it and returns its summary. */
    async stop(): Promise<WatchResult> {
      let last: unknown
      watching.kill('SIGINT')
      for await (const look of looks) last = look
      return last as WatchResult
    },
    async [Symbol.asyncDispose]() {
      if (watching.exitCode !== null) return
      const exited = once(watching, 'exit')
      watching.kill('SIGKILL')
      await exited
    }
  }
}

/** Loads firewall rules; false without nft, or when the kernel does not support them. */
export function loadRules(namespace: Namespace, rules: string): boolean {
  try {
    namespace.run('nft', rules)
    return true
  } catch {
    return false
  }
}

/** A namespace starts to track connections with its first rule that needs it. */
export const tracked = `table inet t {
  chain in {
    type filter hook input priority 0;
    ct state new accept
  }
}`

/** Starts a dial that holds its connections, and waits until the hold begins. */
export async function heldBy(namespace: Namespace, ...args: string[]) {
  const dialing = namespace.start('dial', '--hold', '1m', '--ndjson', '-q', ...args)
  for await (const { phase } of jsonLines(dialing)) if (phase === 'holding') break
  return {
    async [Symbol.asyncDispose]() {
      const exited = once(dialing, 'exit')
      dialing.kill('SIGKILL')
      await exited
    }
  }
}
