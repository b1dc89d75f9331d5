/** Runs steps: prepare the network, listen, watch, dial, collect. */
import { type CounterChanges, counterDeltas, movedBy } from '../../host/counters.js'
import type { Finding } from '../../result/finding.js'
import type { RunResult } from '../../result/result.js'
import type { Child, Line } from '../sandbox/child.js'
import type { Network } from '../sandbox/lab_network.js'
import type { Sandbox } from '../sandbox/sandbox.js'
import type { Observation, StepResult } from '../verdict/lab_result.js'
import { causesOf } from '../verdict/named.js'
import { notableCounters } from '../verdict/notable_counters.js'
import { summarize } from '../verdict/summary.js'
import type { Load, Server, Step } from './lab_step.js'
import { Observer, type Sign } from './observer.js'

/** Runs steps one after the other in one network. */
export async function runInTurn(network: Network, steps: readonly Step[]): Promise<StepResult[]> {
  const runner = new StepRunner(network)
  const results: StepResult[] = []
  // Only one step names the counter; it is read in the others too, where it must not move.
  const sign = steps.find((step) => step.sign)?.sign
  for (const step of steps) results.push(await runner.run({ ...(sign && { sign }), ...step }))
  return results
}

/** Runs steps at the same time, each in a network of its own. */
export async function runSideBySide(sandbox: Sandbox, steps: readonly Step[]): Promise<StepResult[]> {
  const results = await Promise.all(steps.map((step) => runInTurn(sandbox.network(), [step])))
  return results.flat()
}

/** Runs steps in one network. Its servers keep running from step to step. */
class StepRunner {
  readonly #network: Network
  #servers: Child[] = []

  constructor(network: Network) {
    this.#network = network
  }

  async run(step: Step): Promise<StepResult> {
    this.#network.progress(step.name)
    if (step.topology) await this.#network.build(step.topology)
    await this.#network.change(step.changes ?? [])
    if (step.servers) await this.#replaceServers(step.servers)
    let observer: Observer | undefined
    const see = (line: Line) => observer?.see(line)
    const watches = await this.#watch(step.watched ?? namespacesOf(this.#servers), see)
    const beside = (step.beside ?? []).map((load) => this.#dial(load))
    await Promise.all(beside.map((child) => child.until(({ phase }) => phase === 'holding')))

    const capture =
      step.role === 'broken' ? await this.#network.capture(watches[0]?.namespace ?? 'server') : null
    const before = watches.map((child) => child.counters())
    const dials = step.load.map((load) => this.#dial(load, see))
    using watching = new Observer(signOf(step, [...watches, ...dials]))
    observer = watching
    const over = Promise.all(dials.map((child) => child.result<RunResult>()))
    const [runs] = await Promise.all([
      over,
      step.meanwhile?.(
        this.#network,
        over.catch(() => {})
      )
    ])
    const watched = watches.map((child, index) => counterDeltas(before[index] ?? {}, child.counters()))
    await capture?.stop()
    for (const child of [...watches, ...beside]) child.stop()
    const reports = await Promise.all(watches.map((child) => child.result<{ findings: Finding[] }>()))
    await Promise.all(beside.map(({ ended }) => ended))

    const observed = [
      ...watches.flatMap((child, index) => observations('watch', child, reports[index]?.findings)),
      ...dials.flatMap((child, index) => observations('dial', child, runs[index]?.findings))
    ]
    const named = causesOf(observed)
    return {
      name: step.name,
      role: step.role,
      times: step.times ?? 1,
      text: step.text,
      ...summarize(runs),
      observed,
      named,
      counters: {
        ...byNamespace(
          dials,
          runs.map(({ counters }) => counters)
        ),
        ...byNamespace(watches, watched)
      },
      sign: step.sign ? moved(step.sign, watches, watched, runs) : null,
      firstSignSeconds: observer.signSeconds,
      namedSeconds: observer.namedSeconds(named[0])
    }
  }

  async #replaceServers(servers: readonly Server[]): Promise<void> {
    for (const child of this.#servers) child.signal('SIGKILL')
    await Promise.all(this.#servers.map(({ ended }) => ended))
    this.#servers = servers.map((server) =>
      'listen' in server
        ? this.#network.startOwn(server.in, ['listen', ...server.listen])
        : this.#network.start(server.in, server.argv)
    )
    await Promise.all(this.#servers.map((child) => child.until(() => true)))
    for (const [index, { asleep }] of servers.entries()) if (asleep) this.#servers[index]?.signal('SIGSTOP')
  }

  async #watch(namespaces: readonly string[], see: (line: Line) => void): Promise<Child[]> {
    const watches = namespaces.map((namespace) => this.#network.startOwn(namespace, ['watch'], see))
    await Promise.all(watches.map((child) => child.until(() => true)))
    return watches
  }

  #dial(load: Load, see?: (line: Line) => void): Child {
    return this.#network.startOwn(load.in, ['dial', ...load.dial], see)
  }
}

function signOf({ sign }: Step, children: readonly Child[]): Sign | null {
  const child = children.find(({ namespace }) => namespace === sign?.in)
  return sign && child ? { child, counter: sign.counter } : null
}

function byNamespace(children: readonly Child[], changes: readonly CounterChanges[]): StepResult['counters'] {
  return Object.fromEntries(
    children.map(({ namespace }, index) => [namespace, notableCounters(changes[index] ?? {})])
  )
}

/** The sum over all watches, or over all dials, depending on which of them runs in the namespace of the sign. */
function moved(
  sign: NonNullable<Step['sign']>,
  watches: readonly Child[],
  watched: readonly CounterChanges[],
  runs: readonly RunResult[]
): StepResult['sign'] {
  const { counter } = sign
  const isWatched = watches.some(({ namespace }) => namespace === sign.in)
  const changes = isWatched ? watched : runs.map((run) => run.counters)
  return { counter, moved: changes.reduce((sum, change) => sum + movedBy(change, counter), 0) }
}

function observations(command: string, child: Child, findings: readonly Finding[] = []): Observation[] {
  return findings.map((finding) => ({ by: `${command} in ${child.namespace}`, finding }))
}

function namespacesOf(children: readonly Child[]): string[] {
  return [...new Set(children.map(({ namespace }) => namespace))]
}
