/** Explains the outcome of a dial by the kernel's counters. */
import type { FreshConnection } from '../checks/context.js'
import { explainFindings, type FindingId } from '../checks/index.js'
import type { Census } from '../engine/census.js'
import { tableRules } from '../engine/descriptor_tables.js'
import type { Engine } from '../engine/engine.js'
import type { NativeEarlyEnd } from '../engine/native_endings.js'
import type { LocalEnd } from '../engine/sockets.js'
import { type CounterChanges, movedBy } from '../host/counters.js'
import { readHostFacts } from '../host/facts.js'
import { splitEndpoint } from '../net/address.js'
import { ownAddresses } from '../net/local_addresses.js'
import { censusView } from '../observe/census_summary.js'
import { downDevice } from '../observe/down_device.js'
import { icmpSenders } from '../observe/icmp_senders.js'
import { isPeerHere, isTargetHere } from '../observe/peer_place.js'
import type { ProofView } from '../observe/proof_view.js'
import { isNotable, namespaceLoss, ownLoss, type SegmentLoss } from '../observe/segment_loss.js'
import { ServerObserver } from '../observe/server_observer.js'
import { silentHop } from '../observe/silent_hop.js'
import type { Finding } from '../result/finding.js'
import { dialNeeds } from '../scenario/needs.js'
import type { DialScenario } from '../scenario/scenario.js'
import type { CounterPhases } from './counter_phases.js'
import type { Baseline, DialOutcome } from './dial_result.js'

/** The counters that moved on this host since the run began, and the findings. */
export interface Diagnosis {
  counters: CounterChanges
  findings: Finding[]
  /** Checks that failed, with their errors. */
  unjudged: { id: FindingId; error: unknown }[]
  /** Why the network devices could not be examined; null if they could, or did not have to be. */
  unseenDevices: unknown
}

/** Judges one dial, during the run and at its end. */
export class Diagnostician {
  readonly #scenario: DialScenario
  readonly #baseline: Baseline
  readonly #phases: CounterPhases
  readonly #engine: Engine
  readonly #own: readonly string[]
  readonly #peerIsHere: boolean
  readonly #observer: ServerObserver
  /** The looks at the server, which run one after the other. */
  #looks = Promise.resolve()
  #settled = false
  #fresh: FreshConnection | null = null
  #loss: SegmentLoss | null = null

  constructor(scenario: DialScenario, baseline: Baseline, phases: CounterPhases, engine: Engine) {
    const own = [...ownAddresses()]
    this.#own = own
    this.#scenario = scenario
    this.#baseline = baseline
    this.#phases = phases
    this.#engine = engine
    this.#peerIsHere = isPeerHere(scenario, own)
    const standing = () => {
      const { dialedOpen, dialedClosedByPeer } = engine.counters()
      return { open: dialedOpen, closedByPeer: dialedClosedByPeer }
    }
    this.#observer = new ServerObserver(
      endsHere(scenario, own, engine.listening),
      standing,
      baseline.listeners
    )
  }

  /**
   * Looks at the server while the connections are open.
   * @param last whether the run is about to close them: later looks are ignored
   */
  observe(last = false): Promise<void> {
    const looked = this.#looks.then(async () => {
      try {
        if (!this.#settled) await this.#look()
      } finally {
        this.#settled ||= last
      }
    })
    // An error is reported to the caller of this look and must not fail the next one.
    this.#looks = looked.catch(() => {})
    return looked
  }

  /** Dials one more connection if only that can show what happened to the others. */
  async probe(): Promise<void> {
    if (!this.#engine.earlyEnds().some(wantsProbe)) return
    const { dialFreshConnection } = await import('./fresh_connection.js')
    this.#fresh = await dialFreshConnection(this.#scenario)
  }

  /** If segments were retransmitted in this namespace, reads TCP_INFO of held connections to see whether they were ours. */
  async lookForLoss(): Promise<void> {
    if (this.#scenario.churn || !isNotable(namespaceLoss(this.#phases.soFar()))) return
    this.#loss = await ownLoss(this.#engine)
  }

  /** Whether the last look is over: the run is closing its connections. */
  get isOver(): boolean {
    return this.#settled
  }

  async #look(): Promise<void> {
    const deltas = this.#phases.soFar()
    const { churn, selfDial } = this.#scenario
    // If neither counter has moved, no final ACK is missing.
    const isSuspicious =
      movedBy(deltas, 'TcpExt.ListenOverflows') > 0 || movedBy(deltas, 'TcpExt.TCPSYNChallenge') > 0
    await this.#observer.look({
      // In a churn, connections open and close between two looks.
      counts: isSuspicious && !churn,
      // Only closed connections can be left half-closed, and our own listener closes its side.
      accepted: churn && !selfDial
    })
  }

  #isNearConntrackMax({ connections: { requested, established } }: DialOutcome): boolean {
    const { max } = this.#baseline.facts.conntrack
    return max !== null && established < requested && established <= max && established >= max * 0.9
  }

  /** Reads the counters and facts of the host again and judges the run so far; takes a few milliseconds. */
  judge(outcome: DialOutcome, census: Census | null, proof: ProofView | null): Diagnosis {
    const { all, ...phases } = this.#phases.changes()
    // The number of entries in all namespaces takes long to read, and matters only if the kernel dropped some for it.
    const refusedByChains = movedBy(phases.deltas, 'Conntrack.chaintoolong') > 0
    const after = readHostFacts({ brief: !refusedByChains && !this.#isNearConntrackMax(outcome) })
    let unseenDevices: unknown = null
    const note = (error: unknown) => {
      unseenDevices = error
    }
    const context = {
      facts: { before: this.#baseline.facts, after },
      ...phases,
      run: outcome,
      scenario: this.#scenario,
      needs: dialNeeds(after, this.#scenario, {
        peerIsHere: this.#peerIsHere,
        idleTracks: false,
        tableRules: tableRules()
      }),
      peerIsHere: this.#peerIsHere,
      // Only failures can be due to a device, and the question takes a while on hosts with thousands of devices.
      downDevice: outcome.errors.length > 0 ? downDevice(this.#scenario, this.#scenario.sources, note) : null,
      ...this.#observer.seen,
      census: census && censusView(census, phases.deltas, this.#scenario.socketOptions.keepaliveMs),
      proof,
      endings: {
        early: outcome.early,
        settledExchanges: this.#engine.counters().settledExchanges,
        fresh: this.#fresh,
        loss: this.#loss
      },
      latencies: this.#engine.connectLatencies(),
      rejections: {
        atOnce: this.#engine.counters().failedAtOnce,
        icmp: icmpSenders(this.#engine.icmpErrors(), this.#own),
        silentHop: outcome.errors.length > 0 ? silentHop(this.#scenario) : null
      }
    }
    const unjudged: Diagnosis['unjudged'] = []
    const findings = explainFindings(context, (id, error) => unjudged.push({ id, error }))
    return { counters: all, findings, unjudged, unseenDevices }
  }
}

/**
 * Whether a new connection would tell more: after a connection went silent, whether the path is broken or a middlebox has
 * forgotten the connection; after an idle connection was closed, whether the server still accepts.
 */
function wantsProbe({ cause, quietP50Ns }: NativeEarlyEnd): boolean {
  if (cause === 'silenced' || cause === 'cutOff') return true
  return (cause === 'heldClosed' || cause === 'heldReset') && quietP50Ns > 0.5e9
}

/** The endpoints the run dials, if all of them are on this host. */
function endsHere(
  { targets, selfDial }: DialScenario,
  own: readonly string[],
  listening: readonly string[]
): LocalEnd[] {
  if (!selfDial) return targets.every((target) => isTargetHere(target, own)) ? targets : []
  return listening.map((text) => {
    const { host, port } = splitEndpoint(text)
    return { address: host, firstPort: port, lastPort: port }
  })
}
