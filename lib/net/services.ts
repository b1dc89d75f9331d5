/** Ports by the names of their services: services(5). */
import { readFileSync } from 'node:fs'

/** Services of TCP, by each of their names; null where there is no such file. */
export function tcpServices(path = '/etc/services'): Map<string, number> | null {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch {
    // Small containers come without.
    return null
  }
  const ports = new Map<string, number>()
  for (const [, name = '', port, aliases = ''] of text.matchAll(/^(\S+)[ \t]+(\d+)\/tcp\b([^#\n]*)/gm)) {
    // The first line of a name counts, as in getservbyname(3).
    for (const one of [name, ...(aliases.match(/\S+/g) ?? [])])
      if (!ports.has(one)) ports.set(one, Number(port))
  }
  return ports
}
