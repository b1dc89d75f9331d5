/** Acts as data, and their conduct: prepare, listen, watch, dial, collect. */
import { type CounterChanges, type CounterName, counterDeltas, movedBy } from '../../host/counters.js'
import type { Finding, RunResult } from '../../result/result.js'
import type { Child, Line } from '../stage/child.js'
import type { Change, Scene } from '../stage/stage.js'
import type { Topology } from '../stage/topology.js'
import type { ActResult, Observation, Role } from '../verdict/lab.js'
import { causesOf } from '../verdict/named.js'
import { tellingCounters } from '../verdict/notable_counters.js'
import { sumUp } from '../verdict/summary.js'
import { Observer, type Sign } from './observer.js'

/** A load on a state of the network. */
export interface Act {
  readonly name: string
  readonly role: Role
  readonly text: string
  /** Begin with new namespaces; without it, those of the act before stay. */
  readonly topology?: Topology
  /** What is done to them first, in this order. */
  readonly changes?: readonly Change[]
  /** The servers from now on; without it, those of the act before go on. */
  readonly servers?: readonly Server[]
  /** Dials that hold their connections while the load goes on. */
  readonly beside?: readonly Load[]
  /** Dials whose connections count. */
  readonly load: readonly Load[]
  /** Where `watch` runs meanwhile; by default where the servers are. */
  readonly watched?: readonly string[]
  /** What else is done while the load goes on, until `over` resolves. */
  readonly meanwhile?: (scene: Scene, over: Promise<unknown>) => Promise<void>
  /** How many times the healthy load this one is. Default 1. */
  readonly times?: number
  /** A counter whose first movement is the first sign of trouble; where something is watched or dials. */
  readonly sign?: { readonly in: string; readonly counter: CounterName }
}

/** A process that accepts connections: `c1m-native listen` with these arguments, or another that prints a line. */
export type Server = {
  readonly in: string
  /** Stopped by SIGSTOP as soon as it listens, as by a long pause: the kernel shakes hands, nobody accepts. */
  readonly asleep?: boolean
} & ({ readonly listen: readonly string[] } | { readonly argv: readonly string[] })

/** A `c1m-native dial` with these arguments. */
export interface Load {
  readonly in: string
  readonly dial: readonly string[]
}

/** Runs acts one after the other in one scene. */
export async function conduct(scene: Scene, acts: readonly Act[]): Promise<ActResult[]> {
  const cast = new Cast(scene)
  const results: ActResult[] = []
  // One act has it; in the others it is to stay where it is.
  const sign = acts.find((act) => act.sign)?.sign
  for (const act of acts) results.push(await cast.play({ ...(sign && { sign }), ...act }))
  return results
}

/** A process at its place. */
interface Player {
  readonly in: string
  readonly child: Child
}

/** The processes of a scene; servers outlast an act. */
class Cast {
  readonly #scene: Scene
  #servers: Player[] = []

  constructor(scene: Scene) {
    this.#scene = scene
  }

  async play(act: Act): Promise<ActResult> {
    this.#scene.progress(act.name)
    if (act.topology) await this.#scene.build(act.topology)
    await this.#scene.change(act.changes ?? [])
    if (act.servers) await this.#replaceServers(act.servers)
    let observer: Observer | undefined
    const see = (line: Line) => observer?.see(line)
    const watches = await this.#watch(act.watched ?? unique(this.#servers.map((server) => server.in)), see)
    const beside = (act.beside ?? []).map((load) => this.#dial(load))
    await Promise.all(beside.map(({ child }) => child.until(({ phase }) => phase === 'holding')))

    const capture = act.role === 'broken' ? await this.#scene.capture(watches[0]?.in ?? 'server') : null
    const before = watches.map(({ child }) => child.counters())
    const dials = act.load.map((load) => this.#dial(load, see))
    using watching = new Observer(signOf(act, [...watches, ...dials]))
    observer = watching
    const over = Promise.all(dials.map(({ child }) => child.result<RunResult>()))
    const [runs] = await Promise.all([
      over,
      act.meanwhile?.(
        this.#scene,
        over.catch(() => {})
      )
    ])
    const watched = watches.map(({ child }, index) => counterDeltas(before[index] ?? {}, child.counters()))
    await capture?.stop()
    for (const { child } of [...watches, ...beside]) child.stop()
    const reports = await Promise.all(watches.map(({ child }) => child.result<{ findings: Finding[] }>()))
    await Promise.all(beside.map(({ child }) => child.ended))

    const observed = [
      ...watches.flatMap((player, index) => observations('watch', player, reports[index]?.findings)),
      ...dials.flatMap((player, index) => observations('dial', player, runs[index]?.findings))
    ]
    const named = causesOf(observed)
    return {
      name: act.name,
      role: act.role,
      times: act.times ?? 1,
      text: act.text,
      ...sumUp(runs),
      observed,
      named,
      counters: {
        ...byRole(
          dials,
          runs.map(({ counters }) => counters)
        ),
        ...byRole(watches, watched)
      },
      sign: act.sign ? moved(act.sign, watches, watched, runs) : null,
      firstSignSeconds: observer.signSeconds,
      namedSeconds: observer.namedSeconds(named[0])
    }
  }

  async #replaceServers(servers: readonly Server[]): Promise<void> {
    for (const { child } of this.#servers) child.signal('SIGKILL')
    await Promise.all(this.#servers.map(({ child }) => child.ended))
    this.#servers = servers.map((server) => ({
      in: server.in,
      child:
        'listen' in server
          ? this.#scene.startOwn(server.in, ['listen', ...server.listen])
          : this.#scene.start(server.in, server.argv)
    }))
    await Promise.all(this.#servers.map(({ child }) => child.until(() => true)))
    for (const [index, { asleep }] of servers.entries())
      if (asleep) this.#servers[index]?.child.signal('SIGSTOP')
  }

  async #watch(roles: readonly string[], see: (line: Line) => void): Promise<Player[]> {
    const watches = roles.map((role) => ({ in: role, child: this.#scene.startOwn(role, ['watch'], see) }))
    await Promise.all(watches.map(({ child }) => child.until(() => true)))
    return watches
  }

  #dial({ in: role, dial }: Load, see?: (line: Line) => void): Player {
    return { in: role, child: this.#scene.startOwn(role, ['dial', ...dial], see) }
  }
}

function signOf({ sign }: Act, players: readonly Player[]): Sign | null {
  const player = players.find((candidate) => candidate.in === sign?.in)
  return sign && player ? { child: player.child, counter: sign.counter } : null
}

function byRole(players: readonly Player[], changes: readonly CounterChanges[]): ActResult['counters'] {
  return Object.fromEntries(
    players.map(({ in: role }, index) => [role, tellingCounters(changes[index] ?? {})])
  )
}

/** Beside all servers together, or as the clients saw it, depending on where the sign is expected. */
function moved(
  { in: role, counter }: NonNullable<Act['sign']>,
  watches: readonly Player[],
  watched: readonly CounterChanges[],
  runs: readonly RunResult[]
): ActResult['sign'] {
  const changes = watches.some((watch) => watch.in === role) ? watched : runs.map((run) => run.counters)
  return { counter, moved: changes.reduce((sum, change) => sum + movedBy(change, counter), 0) }
}

function observations(command: string, player: Player, findings: readonly Finding[] = []): Observation[] {
  return findings.map((finding) => ({ by: `${command} in ${player.in}`, finding }))
}

const unique = (values: readonly string[]) => [...new Set(values)]
