/** Why a dial went as it did: its outcome held against the kernel's counters. */
import { explainFindings, type FindingId } from '../checks/index.js'
import type { Census } from '../engine/census.js'
import { tableRules } from '../engine/descriptor_tables.js'
import type { Engine } from '../engine/engine.js'
import type { LocalEnd } from '../engine/sockets.js'
import { type CounterChanges, movedBy } from '../host/counters.js'
import { readHostFacts } from '../host/facts.js'
import { ownAddresses } from '../net/local_addresses.js'
import { parseTarget } from '../net/targets.js'
import { censusView } from '../observe/census_summary.js'
import { downDevice } from '../observe/down_device.js'
import { icmpSenders } from '../observe/icmp_senders.js'
import { isPeerHere, isTargetHere } from '../observe/peer_place.js'
import type { ProofView } from '../observe/proof_view.js'
import { ServerObserver } from '../observe/server_observer.js'
import { silentHop } from '../observe/silent_hop.js'
import type { Finding } from '../result/result.js'
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

  constructor(scenario: DialScenario, baseline: Baseline, phases: CounterPhases, engine: Engine) {
    const own = [...ownAddresses()]
    this.#own = own
    this.#scenario = scenario
    this.#baseline = baseline
    this.#phases = phases
    this.#engine = engine
    this.#peerIsHere = isPeerHere(scenario, own)
    this.#observer = new ServerObserver(endsHere(scenario, own, engine.listening), () => {
      const { dialedOpen, dialedClosedByPeer } = engine.counters()
      return { open: dialedOpen, closedByPeer: dialedClosedByPeer }
    })
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

  /** Whether the last look was taken: the connections are being closed. */
  get isOver(): boolean {
    return this.#settled
  }

  async #look(): Promise<void> {
    const { deltas } = this.#phases.changes()
    // Without either no final ACK is missing. In a churn connections come and go between two looks.
    const isSuspicious =
      movedBy(deltas, 'TcpExt.ListenOverflows') > 0 || movedBy(deltas, 'TcpExt.TCPSYNChallenge') > 0
    await this.#observer.look(isSuspicious && !this.#scenario.churn)
  }

  /** Reads the host's counters and facts anew and judges the run so far; a few milliseconds. */
  judge(outcome: DialOutcome, census: Census | null, proof: ProofView | null): Diagnosis {
    const { all, ...phases } = this.#phases.changes()
    // How many entries there are in all namespaces matters only where their number made the kernel drop some.
    const refusedByChains = movedBy(phases.deltas, 'Conntrack.chaintoolong') > 0
    const after = readHostFacts({ brief: !refusedByChains })
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

/** Where the run dials to, when all of that is here. */
function endsHere(
  { targets, selfDial }: DialScenario,
  own: readonly string[],
  listening: readonly string[]
): LocalEnd[] {
  if (!selfDial) return targets.every((target) => isTargetHere(target, own)) ? targets : []
  return listening.map((text) => {
    const { host, ...ports } = parseTarget(text, 'dial')
    return { address: host, ...ports }
  })
}
