import { type Limit, ProcReader, parseInteger, type UnknownReason } from './proc_reader.js'

/** Limits from the control groups of this process: of a group and its ancestors, the tightest limit counts. */
export interface CgroupFacts {
  /** Memory limit; the kernel memory of sockets counts against it. */
  memoryMaxBytes: Limit | null
  /** Memory in use in the group whose limit leaves the least room. */
  memoryCurrentBytes: number | null
  /** Limit on the number of threads. */
  pidsMax: Limit | null
}

/** A controller's files in both versions of cgroups. */
interface Controller {
  name: string
  max: { v2: string; v1: string }
  current: { v2: string; v1: string }
}

const memory: Controller = {
  name: 'memory',
  max: { v2: 'memory.max', v1: 'memory.limit_in_bytes' },
  current: { v2: 'memory.current', v1: 'memory.usage_in_bytes' }
}

const pids: Controller = {
  name: 'pids',
  max: { v2: 'pids.max', v1: 'pids.max' },
  current: { v2: 'pids.current', v1: 'pids.current' }
}

/** For "no limit", v1 prints the largest multiple of a page below 2^63; no machine has a quarter of that memory. */
const V1_UNLIMITED = 2 ** 61

export function readCgroupFacts(proc: ProcReader, sysRoot: string): CgroupFacts {
  const membership = proc.text('self/cgroup')
  const memoryUse = membership === null ? null : tightest(memory, membership, sysRoot, proc.unknown)
  const pidsUse = membership === null ? null : tightest(pids, membership, sysRoot, proc.unknown)
  return {
    memoryMaxBytes: memoryUse?.max ?? null,
    memoryCurrentBytes: memoryUse?.current ?? null,
    pidsMax: pidsUse?.max ?? null
  }
}

interface Use {
  max: Limit
  current: number | null
}

/**
 * Walks from the group of the process to the root: by cgroups(7) the limit of every ancestor applies. Returns `unlimited`
 * if no group has a limit, and null if no group has a file of the controller.
 */
function tightest(
  controller: Controller,
  membership: string,
  sysRoot: string,
  unknown: Record<string, UnknownReason>
): Use | null {
  const place = locate(controller.name, membership)
  if (!place) return null
  const sys = new ProcReader(sysRoot, '/sys')
  let found: Use | null = null
  for (let path = place.path; ; path = path.slice(0, path.lastIndexOf('/'))) {
    for (const mount of place.mounts) {
      const directory = `${mount}${path}`
      const max = sys.parse(`${directory}/${controller.max[place.version]}`, parseLimit)
      if (max === null) continue
      const use: Use = { max, current: sys.integer(`${directory}/${controller.current[place.version]}`) }
      if (found === null || room(use) < room(found)) found = use
    }
    if (path === '') break
  }
  // The root of a hierarchy has no limit and no file, so a missing file is noted only if no group had one.
  if (found === null) {
    const [path, reason] = Object.entries(sys.unknown)[0] ?? [`/sys/fs/cgroup`, 'ENOENT']
    unknown[path] = reason
  }
  return found
}

const room = ({ max, current }: Use) =>
  max === 'unlimited' ? Number.POSITIVE_INFINITY : max - (current ?? 0)

interface Place {
  version: 'v1' | 'v2'
  /** Path of the group without a trailing slash; empty for the root. */
  path: string
  mounts: string[]
}

/** /proc/self/cgroup has lines `id:controllers:path`; the v2 line is `0::path`, for controllers that no v1 line names. */
function locate(controller: string, membership: string): Place | null {
  const lines = membership.split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line))
  const clean = (path: string | undefined) => (path === undefined || path === '/' ? '' : path)
  const v1 = lines.find((match) => match?.[1]?.split(',').includes(controller))
  if (v1)
    return { version: 'v1', path: clean(v1[2]), mounts: [`fs/cgroup/${v1[1]}`, `fs/cgroup/${controller}`] }
  const v2 = lines.find((match) => match?.[1] === '')
  return v2 ? { version: 'v2', path: clean(v2[2]), mounts: ['fs/cgroup', 'fs/cgroup/unified'] } : null
}

function parseLimit(text: string): Limit | null {
  if (text === 'max') return 'unlimited'
  const value = parseInteger(text)
  return value !== null && value >= V1_UNLIMITED ? 'unlimited' : value
}
