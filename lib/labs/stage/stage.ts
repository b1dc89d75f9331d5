/** Where a lab takes place: its namespaces, the processes in them, what it changed on the host, and the way back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../../base/errors.js'
import type { ProcessIdentity } from '../../host/process_identity.js'
import { Capture } from './capture.js'
import { Child, type Line } from './child.js'
import { namespacesOf, removeNamespaces } from './clean.js'
import { type Command, execute, inside, type Spawn } from './command.js'
import type { HostSysctls } from './host_sysctls.js'
import { namespaceName } from './owner.js'
import { buildCommands, rulesCommand, sysctlCommands, type Topology } from './topology.js'

/** Something done to a network that stands. */
export type Change =
  | { readonly in: string; readonly sysctls: Readonly<Record<string, string | number>> }
  | { readonly in: string; readonly rules: string }
  | { readonly in: string; readonly run: readonly string[] }
  /** Of the initial network namespace; needs --allow-host-changes. */
  | { readonly host: Readonly<Record<string, number>> }

export interface StageOptions {
  readonly owner: ProcessIdentity
  /** How to start c1m-native. */
  readonly program: readonly string[]
  readonly spawn: Spawn
  readonly host: HostSysctls
  /** Host-wide sysctls the lab may change. */
  readonly hostSysctls: readonly string[]
  /** A file for the packets of the incident. */
  readonly pcap: string | null
  readonly progress: (text: string) => void
  readonly signal: AbortSignal
}

/** One lab's; disposing of it leaves nothing behind. */
export class Stage implements AsyncDisposable {
  readonly signal: AbortSignal
  readonly #options: StageOptions
  readonly #scenes: Scene[] = []
  /** The process ends, or shall: all is undone without waiting for anything. */
  readonly #onExit = () => this.#undo()
  /** The terminal is gone; by default the process would be, too, at once. */
  readonly #onHangup = () => process.exit(exitCodes.interrupted)

  constructor(options: StageOptions) {
    this.signal = options.signal
    this.#options = options
    process.once('exit', this.#onExit).once('SIGHUP', this.#onHangup)
    this.signal.addEventListener('abort', this.#onExit)
  }

  /** A network of its own. Several may stand at a time. */
  scene(): Scene {
    const scene = new Scene(this.#options, `${this.#scenes.length}`)
    this.#scenes.push(scene)
    return scene
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#scenes.map((scene) => scene.clear()))
    this.#undo()
    process.off('exit', this.#onExit).off('SIGHUP', this.#onHangup)
    this.signal.removeEventListener('abort', this.#onExit)
  }

  #undo(): void {
    try {
      for (const name of this.#options.host.restore().gone)
        this.#options.progress(`${name} is gone with its module, and was not put back`)
    } finally {
      for (const scene of this.#scenes) scene.remove()
    }
  }
}

/** Namespaces that belong together, by their roles, and what runs in them. */
export class Scene {
  readonly signal: AbortSignal
  readonly #options: StageOptions
  readonly #label: string
  readonly #children = new Set<Child>()

  constructor(options: StageOptions, label: string) {
    this.signal = options.signal
    this.#options = options
    this.#label = label
  }

  /** The name of the namespace in this role. */
  name(role: string): string {
    return namespaceName(this.#options.owner, `${this.#label}-${role}`)
  }

  /** Replaces whatever stands by new namespaces. */
  async build(topology: Topology): Promise<void> {
    await this.clear()
    for (const command of buildCommands(topology, (role) => this.name(role))) this.#execute(command)
  }

  async change(changes: readonly Change[]): Promise<void> {
    const { host, hostSysctls } = this.#options
    for (const change of changes) {
      if ('host' in change) {
        for (const [name, value] of Object.entries(change.host))
          await host.set(hostSysctls, name, value, this.signal)
      } else {
        for (const command of this.#commands(change)) this.#execute(command)
      }
    }
  }

  /** Starts `argv` in the namespace of `role`; each of its lines goes to `onLine`. */
  start(role: string, argv: readonly string[], onLine?: (line: Line) => void): Child {
    this.signal.throwIfAborted()
    const child = new Child(inside(this.name(role), argv), onLine)
    this.#children.add(child)
    child.ended.then(() => this.#children.delete(child))
    return child
  }

  /** Starts a command of c1m-native there. */
  startOwn(role: string, args: readonly string[], onLine?: (line: Line) => void): Child {
    return this.start(role, [...this.#options.program, ...args, '--ndjson', '--quiet'], onLine)
  }

  /** Runs a short command in the namespace of `role`; gives what it printed. */
  run(role: string, argv: readonly string[]): string {
    return this.#execute({ argv: inside(this.name(role), argv) })
  }

  /** Tells what goes on. */
  progress(text: string): void {
    this.#options.progress(text)
  }

  /** Writes what passes in the namespace of `role` to the file asked for; nothing when none was. */
  async capture(role: string): Promise<Capture | null> {
    const { pcap } = this.#options
    return pcap === null ? null : await Capture.start(this.name(role), pcap)
  }

  /** @throws the reason of {@link signal} */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal })
  }

  /** Ends everything. A namespace lives until its last process has ended, so these are waited for. */
  async clear(): Promise<void> {
    const children = [...this.#children]
    this.remove()
    await Promise.all(children.map(({ ended }) => ended))
  }

  /** The same, without waiting. */
  remove(): void {
    // A child that has just been started may not be in its namespace yet.
    for (const child of this.#children) child.signal('SIGKILL')
    const mine = this.name('')
    removeNamespaces(
      namespacesOf(() => true).filter((name) => name.startsWith(mine)),
      this.#options.spawn
    )
  }

  #commands(change: Exclude<Change, { host: unknown }>): Command[] {
    const namespace = this.name(change.in)
    if ('sysctls' in change) return sysctlCommands(namespace, change.sysctls)
    if ('rules' in change) return [rulesCommand(namespace, change.rules)]
    return [{ argv: inside(namespace, change.run) }]
  }

  #execute(command: Command): string {
    this.signal.throwIfAborted()
    return execute(this.#options.spawn, command)
  }
}
