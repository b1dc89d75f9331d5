/**
 * Every cause there is a name for; the names are stable. Their order is that of equally severe findings: causes before
 * the symptoms they have.
 */
export const findingIds = [
  'descriptor-limit',
  'host-file-limit',
  'source-address-missing',
  'tuple-space-exhausted',
  'tuple-reuse-rate',
  'conntrack-table-full',
  'conntrack-chain-too-long',
  'tcp-memory',
  'orphan-limit',
  'peer-descriptor-limit',
  'accept-queue-overflow',
  'syn-queue-overflow',
  'phantom-established',
  'time-wait-paws',
  'time-wait-overflow',
  'reverse-path-filter',
  'connection-refused',
  'unreachable',
  'peer-closed',
  'established-hash-undersized',
  'dialer-saturated',
  'syn-unanswered',
  'syn-loss'
] as const

/** The name of a cause. */
export type FindingId = (typeof findingIds)[number]
