import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import type { LocalEnd } from '../engine/sockets.js'
import { formatEndpoint, isUnspecified } from '../net/address.js'
import { formatPorts } from '../net/target.js'
import { resolveTargets } from '../net/targets.js'

/** Ends the kernel's filter for sockets has room for: kMaxLocalEndpoints in native/net/inet_diag.h. */
export const mostEnds = 1000

/**
 * The ends of a server that is to be watched: its addresses with their ports, and ports at any address.
 * @throws C1mError C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED, C1M_OPTION_INVALID
 */
export async function resolveEnds(targets: readonly string[], ports: readonly string[]): Promise<LocalEnd[]> {
  const resolved = await resolveTargets(targets, 'watch')
  const ends = resolved.map(({ host, address, firstPort, lastPort }) => {
    if (firstPort === 0)
      throw new C1mError(
        'C1M_TARGET_INVALID',
        `target ${quote(`${host}:0`)} has port 0, which nobody listens on`,
        {
          hint: 'Write the port of the server, or nothing to watch every socket.'
        }
      )
    return isUnspecified(address) ? { firstPort, lastPort } : { address, firstPort, lastPort }
  })
  const all = [...ends, ...(await Promise.all(ports.map(parsePorts))).flat()]
  if (all.length <= mostEnds) return all
  throw new C1mError('C1M_OPTION_INVALID', `${all.length} targets and ports are more than ${mostEnds}`, {
    hint: 'Write neighbouring ports as a range: address:8100-8119.'
  })
}

/** `80`, `8100-8119`, `80,443` or `https`: read as those of a target, which has them after its host. */
async function parsePorts(text: string): Promise<LocalEnd[]> {
  // Loaded when needed: what judges a dial holds this file, too, and a dial may read its targets by the other.
  const { parseTarget } = await import('../net/target_text.js')
  try {
    return parseTarget(`:${text.trim()}`, 'dial').map(({ firstPort, lastPort }) => ({ firstPort, lastPort }))
  } catch (cause) {
    throw new C1mError(
      'C1M_OPTION_INVALID',
      (option) => `${option('ports')}: ${quote(text)} is neither a port, nor a range of ports, nor a service`,
      { hint: 'Write 443, 8100-8119, 80,443 or https.', cause }
    )
  }
}

/** `address:port`, or `*:port` for any address. */
export function formatEnd({ address, ...ports }: LocalEnd): string {
  return formatEndpoint(address ?? '*', formatPorts(ports))
}
