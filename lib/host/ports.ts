import { type ProcReader, parseInteger } from './proc_reader.js'

/** The local ports that can be used. Per network namespace. */
export interface PortFacts {
  /** `ip_local_port_range`: the range the kernel chooses from. A port bound by the caller may lie outside. */
  localRange: [first: number, last: number] | null
  /** `ip_local_reserved_ports`: ranges the kernel does not choose from. */
  reserved: [first: number, last: number][] | null
  /** `ip_unprivileged_port_start`: binding a lower port needs CAP_NET_BIND_SERVICE. */
  unprivilegedStart: number | null
}

export function readPortFacts(proc: ProcReader): PortFacts {
  const range = proc.integers('sys/net/ipv4/ip_local_port_range', 2)
  return {
    localRange: range && [range[0] ?? 0, range[1] ?? 0],
    reserved: proc.parse('sys/net/ipv4/ip_local_reserved_ports', parseRanges),
    unprivilegedStart: proc.integer('sys/net/ipv4/ip_unprivileged_port_start')
  }
}

/** Parses `8080,9000-9099`; an empty text reserves nothing. */
function parseRanges(text: string): [number, number][] | null {
  if (text === '') return []
  const ranges: [number, number][] = []
  for (const part of text.split(',')) {
    const [first, last = first] = part.split('-').map(parseInteger)
    if (first == null || last == null || last < first) return null
    ranges.push([first, last])
  }
  return ranges
}
