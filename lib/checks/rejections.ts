/** Who rejected the handshakes of a run by ICMP. */

import { icmpMeaning } from '../net/icmp_names.js'
import type { IcmpSender } from '../observe/icmp_senders.js'
import type { Evidence } from '../result/finding.js'
import type { ExplainContext } from './context.js'
import { inRamp, moved } from './evidence.js'

/** What ICMP said: `administratively prohibited (ICMP type 3 code 13)`. */
export function saying({ version, type, code }: IcmpSender): string {
  const meaning = icmpMeaning(version, type, code)
  const numbers = `${version === 6 ? 'ICMPv6' : 'ICMP'} type ${type} code ${code}`
  return meaning.startsWith('type ') ? numbers : `${meaning} (${numbers})`
}

/** A port that is closed, to judge by ICMP: TCP itself answers with RST, so a firewall does that (`reject`). */
export function isPortUnreachable({ version, type, code }: IcmpSender): boolean {
  return version === 6 ? type === 1 && code === 4 : type === 3 && code === 3
}

/** Whether a rule is behind it, rather than a network or a host that is not there. */
export function isProhibition({ version, type, code }: IcmpSender): boolean {
  return version === 6 ? type === 1 && [1, 5, 6].includes(code) : type === 3 && [9, 10, 13].includes(code)
}

/** The samples as evidence: `icmp.198.18.1.254`. */
export function senderEvidence(senders: readonly IcmpSender[]): Evidence[] {
  return senders.slice(0, 10).map((sender) => ({
    name: `icmp.${sender.from}`,
    before: null,
    after: `${saying(sender)}, for ${sender.target}: ${sender.count} in a sample`
  }))
}

/**
 * Whether this host sent the ICMP errors it received to itself, as far as counters tell: at least as many as handshakes
 * failed.
 */
export function rejectedHere(context: ExplainContext, failed: number): boolean {
  const ramp = inRamp(context)
  return moved(ramp, 'Icmp.OutDestUnreachs') + moved(ramp, 'Icmp6.OutDestUnreachs') >= failed
}

/** Errors that ICMP brought in: each of them ends one handshake at most. */
export function icmpReceived(context: ExplainContext): number {
  const ramp = inRamp(context)
  return (
    moved(ramp, 'Icmp.InDestUnreachs') +
    moved(ramp, 'Icmp6.InDestUnreachs') +
    moved(ramp, 'Icmp.InTimeExcds') +
    moved(ramp, 'Icmp6.InTimeExcds')
  )
}

/**
 * Whether all handshakes that failed went to where ICMP came from. A host sends ICMP at most once a second to the same
 * receiver (`icmp_ratelimit`), so that most rejected SYNs get no answer.
 */
export function explainsTimeouts({ run, rejections }: ExplainContext): boolean {
  const rejected = new Set(rejections?.icmp.map(({ target }) => target))
  const failing = run?.targets.filter(({ failed }) => failed > 0) ?? []
  return failing.length > 0 && failing.every(({ target }) => rejected.has(target))
}
