import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import type { LocalEnd } from '../engine/sockets.js'
import { formatEndpoint, isUnspecified } from '../net/address.js'
import { formatPorts } from '../net/target.js'
import { resolveTargets } from '../net/targets.js'

/** Most ends that fit the kernel's socket filter: kMaxLocalEndpoints in native/net/inet_diag.h. */
export const mostEnds = 1000

/**
 * Resolves the ends of a server to watch: addresses with their ports, and ports at any address.
 * @throws C1mError C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED, C1M_OPTION_INVALID
 */
export async function resolveEnds(targets: readonly string[], ports: readonly string[]): Promise<LocalEnd[]> {
  const resolved = await resolveTargets(targets, 'watch')
  const ends = resolved.map(({ host, address, firstPort, lastPort }) => {
    if (firstPort === 0)
      throw new C1mError(
        'C1M_TARGET_INVALID',
        `target ${quote(`${host}:0`)} has port 0, on which no server listens`,
        {
          hint: 'Give the port of the server, or no target to watch every socket.'
        }
      )
    return isUnspecified(address) ? { firstPort, lastPort } : { address, firstPort, lastPort }
  })
  const all = [...ends, ...(await Promise.all(ports.map(parsePorts))).flat()]
  if (all.length <= mostEnds) return all
  throw new C1mError('C1M_OPTION_INVALID', `${all.length} targets and ports are more than ${mostEnds}`, {
    hint: 'Write adjacent ports as a range: address:8100-8119.'
  })
}

/** Parses `80`, `8100-8119`, `80,443` or `https` with the parser for targets. */
async function parsePorts(text: string): Promise<LocalEnd[]> {
  // Loaded when needed, because this file is part of what judges a dial, and few dials need that parser.
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
