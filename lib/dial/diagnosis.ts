/** Why a dial went as it did: its outcome held against the kernel's counters. */
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

/** What moved on this host since the run began, and what that means. */
export interface Diagnosis {
  counters: CounterChanges
  findings: Finding[]
  /** Checks that failed, and what with. */
  unjudged: { id: FindingId; error: unknown }[]
  /** Why the devices on the way were not looked at; null: they were, or nothing asked for it. */
  unseenDevices: unknown
}

/** Judges one dial, while it lasts and when it is over. */
export class Diagnostician {
  readonly #scenario: DialScenario
  readonly #baseline: Baseline
  readonly #phases: CounterPhases
  readonly #engine: Engine
  readonly #own: readonly string[]
  readonly #peerIsHere: boolean
  readonly #observer: ServerObserver
  /** One after the other. */
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
   * Looks at the server, while the connections stand.
   * @param last whether they are about to be closed: no later look counts
   */
  observe(last = false): Promise<void> {
    const looked = this.#looks.then(async () => {
      try {
        if (!this.#settled) await this.#look()
      } finally {
        this.#settled ||= last
      }
    })
    // One that fails is its caller's concern, not the next one's.
    this.#looks = looked.catch(() => {})
    return looked
  }

  /** Dials one more connection where only that tells what became of the others. */
  async probe(): Promise<void> {
    if (!this.#engine.earlyEnds().some(wantsProbe)) return
    const { dialFreshConnection } = await import('./fresh_connection.js')
    this.#fresh = await dialFreshConnection(this.#scenario)
  }

  /** Reads TCP_INFO of connections that are held, where segments were sent again in this namespace: were they ours? */
  async lookForLoss(): Promise<void> {
    if (this.#scenario.churn || !isNotable(namespaceLoss(this.#phases.soFar()))) return
    this.#loss = await ownLoss(this.#engine)
  }

  /** Whether the last look was taken: the connections are being closed. */
  get isOver(): boolean {
    return this.#settled
  }

  async #look(): Promise<void> {
    const deltas = this.#phases.soFar()
    const { churn, selfDial } = this.#scenario
    // Without either no final ACK is missing.
    const isSuspicious =
      movedBy(deltas, 'TcpExt.ListenOverflows') > 0 || movedBy(deltas, 'TcpExt.TCPSYNChallenge') > 0
    await this.#observer.look({
      // In a churn connections come and go between two looks.
      counts: isSuspicious && !churn,
      // Only connections that are closed can be left half closed; our own listener leaves none.
      accepted: churn && !selfDial
    })
  }

  #isNearConntrackMax({ connections: { requested, established } }: DialOutcome): boolean {
    const { max } = this.#baseline.facts.conntrack
    return max !== null && established < requested && established <= max && established >= max * 0.9
  }

  /** Reads the host's counters and facts anew and judges the run so far; a few milliseconds. */
  judge(outcome: DialOutcome, census: Census | null, proof: ProofView | null): Diagnosis {
    const { all, ...phases } = this.#phases.changes()
    // How many entries there are in all namespaces matters only where their number made the kernel drop some, or may have.
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
      // Only what fails may want for a device; asking takes a while where there are thousands.
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
 * Whether a new connection tells more: from one that goes silent, whether the path is gone or has forgotten it; from one
 * that was closed while it was idle, whether the server is still there.
 */
function wantsProbe({ cause, quietP50Ns }: NativeEarlyEnd): boolean {
  if (cause === 'silenced' || cause === 'cutOff') return true
  return (cause === 'heldClosed' || cause === 'heldReset') && quietP50Ns > 0.5e9
}

/** Where the run dials to, when all of that is here. */
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
