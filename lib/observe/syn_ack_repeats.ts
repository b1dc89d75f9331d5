/** A peer that has not had the last segment of a handshake sends its SYN-ACK again; what that tells of a connection. */

/** TCP_SYNACK_RETRIES in include/net/tcp.h, the default of `net.ipv4.tcp_synack_retries`. */
const retries = 5

/** A server's timers are not exact. */
const slackMs = 250
const slackShare = 0.05

/** Repeats from which on a lost segment is no likely explanation any more. */
const leastRepeats = 2

/**
 * How many repeats were due by now: 1, 3, 7, 15, and 31 seconds after the handshake (measured).
 * @param ageMs of the connection
 */
export function dueRepeats(ageMs: number): number {
  const sureMs = ageMs * (1 - slackShare) - slackMs
  return sureMs < 1000 ? 0 : Math.min(retries, Math.floor(Math.log2(sureMs / 1000 + 1)))
}

/**
 * What so many repeats mean: they `go on`, or the last one that was due did not come and the peer has had our ACK (`healed`);
 * null: there was none, or it is too early to tell.
 */
export function readRepeats(repeats: number, ageMs: number): 'go on' | 'healed' | null {
  if (repeats <= 0) return null
  if (repeats < dueRepeats(ageMs)) return 'healed'
  return repeats >= leastRepeats ? 'go on' : null
}

/**
 * Of connections whose repeats go on, how many the peer still waits for: where most of those that were repeated have
 * healed, the ACK is being lost and gets through in the end, and the answer to the last repeat most likely did.
 */
export function stillRepeating(goingOn: number, healed: number): number {
  return goingOn >= healed ? goingOn : 0
}

/** Some may have come since the counter was read, or before. */
const tolerance = 0.8

/**
 * Whether segments without data were SYN-ACKs that came again. Each of those counts as TCPSYNChallenge in this namespace; other
 * segments do not, such as those by which a SYN proxy opens the window.
 */
export function areRepeats(segments: number, challenges: number): boolean {
  return challenges >= segments * tolerance
}
