import { type Limit, ProcReader, parseInteger, type UnknownReason } from './proc_reader.js'

/** What the control groups of this process allow. The tightest of a group and its ancestors counts. */
export interface CgroupFacts {
  /** Kernel memory of sockets counts against it. */
  memoryMaxBytes: Limit | null
  /** Use of the group whose bound leaves the least room. */
  memoryCurrentBytes: number | null
  /** Threads. */
  pidsMax: Limit | null
}

/** A controller's files in both versions, and where the hierarchy is commonly mounted. */
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

/** v1 prints the largest multiple of a page below 2^63 for "no bound"; no machine has a quarter of it. */
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
 * Walks from the process's group to the root: cgroups(7) holds a process to every ancestor's bound. Without a bound
 * anywhere the answer is `unlimited`; without any file of the controller it is null.
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
  // The root of a hierarchy has no bound and no file; only a group nothing at all is known of is worth a note.
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
  /** Without a trailing slash; empty for the root. */
  path: string
  mounts: string[]
}

/** /proc/self/cgroup has lines `id:controllers:path`; the v2 line is `0::path` and covers what no v1 line names. */
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
