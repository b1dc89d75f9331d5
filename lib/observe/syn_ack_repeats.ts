/** A peer that has not received the last segment of a handshake repeats its SYN-ACK. Interprets these repeats. */

/** TCP_SYNACK_RETRIES in include/net/tcp.h, the default of `net.ipv4.tcp_synack_retries`. */
const retries = 5

/** Allowance for inexact timers of the server. */
const slackMs = 250
const slackShare = 0.05

/** Number of repeats from which a lost segment is no longer a likely explanation. */
const leastRepeats = 2

/**
 * Number of repeats due by now: they come 1, 3, 7, 15 and 31 seconds after the handshake (measured).
 * @param ageMs age of the connection
 */
export function dueRepeats(ageMs: number): number {
  const sureMs = ageMs * (1 - slackShare) - slackMs
  return sureMs < 1000 ? 0 : Math.min(retries, Math.floor(Math.log2(sureMs / 1000 + 1)))
}

/**
 * Interprets repeats. `go on`: they continue. `healed`: the last one that was due did not come, so the peer has received
 * our ACK. null: there was none, or it is too early to tell.
 */
export function readRepeats(repeats: number, ageMs: number): 'go on' | 'healed' | null {
  if (repeats <= 0) return null
  if (repeats < dueRepeats(ageMs)) return 'healed'
  return repeats >= leastRepeats ? 'go on' : null
}

/**
 * Number of connections, of those whose repeats go on, for which the peer still waits. If most connections with repeats
 * have healed, ACKs are being lost but get through in the end, and most likely the answer to the last repeat did, too.
 */
export function stillRepeating(goingOn: number, healed: number): number {
  return goingOn >= healed ? goingOn : 0
}

/** Some SYN-ACKs may have arrived after the counter was read, or before. */
const tolerance = 0.8

/**
 * Whether segments without data were repeated SYN-ACKs. Each repeated SYN-ACK counts as TCPSYNChallenge in this namespace;
 * other segments do not, such as those with which a SYN proxy opens the window.
 */
export function areRepeats(segments: number, challenges: number): boolean {
  return challenges >= segments * tolerance
}
