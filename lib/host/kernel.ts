import type { ProcReader } from './proc_reader.js'

/** The numbers at the start of a kernel release. `patch` is 0 for distributions that use a numbering of their own. */
export interface KernelVersion {
  major: number
  minor: number
  patch: number
}

/** The kernel, and what this process may do. */
export interface KernelFacts {
  /** As `uname -r` prints it. */
  release: string | null
  version: KernelVersion | null
  /** CPUs this process may run on. */
  cpus: number | null
  /** Effective capabilities as a hexadecimal mask, see capabilities(7). */
  capabilities: string | null
  /** Whether this is the initial user namespace; capabilities in any other do not lift the host's limits. */
  initialUserNamespace: boolean | null
}

/** Numbers of the capabilities that lift a limit, from linux/capability.h. */
export const capability = {
  netBindService: 10,
  netAdmin: 12,
  netRaw: 13,
  sysAdmin: 21,
  sysResource: 24
} as const

export function readKernelFacts(proc: ProcReader): KernelFacts {
  const release = proc.text('sys/kernel/osrelease')
  const version = release === null ? null : parseKernelVersion(release)
  if (release !== null && version === null) proc.note('sys/kernel/osrelease', 'malformed')
  const status = proc.text('self/status')
  const cpus = status === null ? null : countCpus(fieldOf(status, 'Cpus_allowed_list'))
  const capabilities = status === null ? null : hexadecimal(fieldOf(status, 'CapEff'))
  if (status !== null && (cpus === null || capabilities === null)) proc.note('self/status', 'malformed')
  return {
    release,
    version,
    cpus,
    capabilities,
    initialUserNamespace: proc.parse('self/uid_map', (text) => /^0\s+0\s+4294967295$/.test(text))
  }
}

function fieldOf(status: string, name: string): string | null {
  return new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(status)?.[1] ?? null
}

function hexadecimal(text: string | null): string | null {
  return text !== null && /^[0-9a-f]+$/.test(text) ? text : null
}

/** Counts a CPU list such as `0-3,8`. */
function countCpus(list: string | null): number | null {
  if (list === null || !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return null
  return list.split(',').reduce((sum, part) => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return sum + last - first + 1
  }, 0)
}

/** Parses `6.18.44-generic` to 6.18.44; null if the text does not begin with two numbers. */
export function parseKernelVersion(release: string): KernelVersion | null {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release)
  return match && { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) }
}

/** Whether `version` is `major.minor.patch` or later. */
export function isAtLeast(version: KernelVersion, major: number, minor: number, patch = 0): boolean {
  if (version.major !== major) return version.major > major
  if (version.minor !== minor) return version.minor > minor
  return version.patch >= patch
}

/** Whether the process holds a capability in its own user namespace; null if unknown. */
export function holds({ capabilities }: KernelFacts, bit: number): boolean | null {
  if (capabilities === null) return null
  return ((BigInt(`0x${capabilities}`) >> BigInt(bit)) & 1n) === 1n
}

/** Whether the process holds a capability that is effective on the host itself; null if unknown. */
export function holdsOnHost(kernel: KernelFacts, bit: number): boolean | null {
  const held = holds(kernel, bit)
  if (held === null || kernel.initialUserNamespace === null) return null
  return kernel.initialUserNamespace && held
}
