/** Namespaces that belong together, and the processes in them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessIdentity } from '../../host/process_identity.js'
import { Child, type Line } from './child.js'
import { namespacesWhere, removeNamespaces } from './clean.js'
import { type Command, execute, inside, type Spawn } from './external_command.js'
import type { HostSysctls } from './host_sysctls.js'
import { namespaceName } from './namespace_owner.js'
import { PacketCapture } from './packet_capture.js'
import { buildCommands, rulesCommand, sysctlCommands, type Topology } from './topology.js'

/** A change to a network that has been built. `in` is the short name of a namespace. */
export type LabChange =
  | { readonly in: string; readonly sysctls: Readonly<Record<string, string | number>> }
  | { readonly in: string; readonly rules: string }
  | { readonly in: string; readonly run: readonly string[] }
  /** Sysctls of the initial network namespace; needs --allow-host-changes. */
  | { readonly host: Readonly<Record<string, number>> }

/** What all networks of a lab share. */
export interface SandboxOptions {
  readonly owner: ProcessIdentity
  /** How to start c1m-native. */
  readonly program: readonly string[]
  readonly spawn: Spawn
  readonly host: HostSysctls
  /** Sysctls of the whole host that the lab may change. */
  readonly hostSysctls: readonly string[]
  /** A file for the packets of the incident. */
  readonly pcap: string | null
  readonly progress: (text: string) => void
  readonly signal: AbortSignal
}

/** Namespaces go by short names here, e.g. `client`; their full names say which lab and which network they belong to. */
export class Network {
  readonly #options: SandboxOptions
  readonly #label: string
  readonly #children = new Set<Child>()

  /** @param label tells this network from the others of its lab */
  constructor(options: SandboxOptions, label: string) {
    this.#options = options
    this.#label = label
  }

  /** Builds new namespaces in place of those there are. */
  async build(topology: Topology): Promise<void> {
    await this.clear()
    for (const command of buildCommands(topology, (namespace) => this.#fullName(namespace)))
      this.#execute(command)
  }

  async change(changes: readonly LabChange[]): Promise<void> {
    const { host, hostSysctls, signal } = this.#options
    for (const change of changes) {
      if ('host' in change) {
        for (const [name, value] of Object.entries(change.host))
          await host.set(hostSysctls, name, value, signal)
      } else {
        for (const command of this.#commands(change)) this.#execute(command)
      }
    }
  }

  /** Starts `argv` in a namespace; each line it prints goes to `onLine`. */
  start(namespace: string, argv: readonly string[], onLine?: (line: Line) => void): Child {
    this.#options.signal.throwIfAborted()
    const child = new Child(namespace, inside(this.#fullName(namespace), argv), onLine)
    this.#children.add(child)
    child.ended.then(() => this.#children.delete(child))
    return child
  }

  /** Starts a command of c1m-native in a namespace. */
  startOwn(namespace: string, args: readonly string[], onLine?: (line: Line) => void): Child {
    return this.start(namespace, [...this.#options.program, ...args, '--ndjson', '--quiet'], onLine)
  }

  /** Runs a short command in a namespace; returns what it printed. */
  run(namespace: string, argv: readonly string[]): string {
    return this.#execute({ argv: inside(this.#fullName(namespace), argv) })
  }

  progress(text: string): void {
    this.#options.progress(text)
  }

  /** Writes the packets of a namespace to the file that the caller asked for; null when the caller asked for none. */
  async capture(namespace: string): Promise<PacketCapture | null> {
    const { pcap } = this.#options
    return pcap === null ? null : await PacketCapture.start(this.#fullName(namespace), pcap)
  }

  /** @throws the reason of the lab's signal */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#options.signal })
  }

  /** Removes everything. A namespace exists until its last process has ended, so this waits for the processes. */
  async clear(): Promise<void> {
    const children = [...this.#children]
    this.remove()
    await Promise.all(children.map(({ ended }) => ended))
  }

  /** The same, without waiting. */
  remove(): void {
    // A child that has just been started may not be in its namespace yet.
    for (const child of this.#children) child.signal('SIGKILL')
    const prefix = this.#fullName('')
    removeNamespaces(
      namespacesWhere(() => true).filter((name) => name.startsWith(prefix)),
      this.#options.spawn
    )
  }

  #fullName(namespace: string): string {
    return namespaceName(this.#options.owner, `${this.#label}-${namespace}`)
  }

  #commands(change: Exclude<LabChange, { host: unknown }>): Command[] {
    const name = this.#fullName(change.in)
    if ('sysctls' in change) return sysctlCommands(name, change.sysctls)
    if ('rules' in change) return [rulesCommand(name, change.rules)]
    return [{ argv: inside(name, change.run) }]
  }

  #execute(command: Command): string {
    this.#options.signal.throwIfAborted()
    return execute(this.#options.spawn, command)
  }
}
