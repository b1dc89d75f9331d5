import { opendir, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { parseInteger } from './proc_reader.js'

/** A process that has a socket open, and how close it is to its descriptor limit. */
export interface SocketOwner {
  pid: number
  /** As in /proc/PID/comm: at most 15 bytes. */
  name: string
  openFiles: number
  /** RLIMIT_NOFILE: the limit in effect, and the value to which the process may raise it. */
  nofileSoft: number
  nofileHard: number
  /** Whether a signal (SIGSTOP, SIGTSTP) or a debugger has stopped it: it does not run until it is continued. */
  stopped: boolean
}

/** Descriptors to check in each process: a listening socket is opened before its connections, so its number is low. */
const mostDescriptors = 1024

/** Descriptors to check for a connection, which may have any number. */
const mostConnections = 16_384

/** Most owners to keep per socket: all workers of a server may share it. */
const mostOwners = 64

/**
 * Finds the processes that have these sockets open: workers inherit those of the process that started them. Searches
 * /proc, which takes milliseconds and needs root for processes of other users: a socket without a known owner is missing.
 */
export async function findOwners(
  inodes: ReadonlySet<number>,
  procRoot = '/proc'
): Promise<Map<number, number[]>> {
  const pids = new Map<number, number[]>()
  // The sockets are often our own and shared with no other process; then other processes need not be searched.
  await findIn(procRoot, process.pid, inodes, pids)
  if (pids.size === inodes.size) return pids
  try {
    for await (const { name } of await opendir(procRoot)) {
      const pid = parseInteger(name)
      if (pid !== null && pid !== process.pid) await findIn(procRoot, pid, inodes, pids)
    }
  } catch {
    // Without /proc no owner is found.
  }
  return pids
}

async function findIn(
  procRoot: string,
  pid: number,
  wanted: ReadonlySet<number>,
  found: Map<number, number[]>
): Promise<void> {
  for await (const inode of socketsOf(procRoot, pid, mostDescriptors)) {
    if (!wanted.has(inode)) continue
    const pids = found.get(inode) ?? []
    // A process may have several descriptors of one socket.
    if (pids.length < mostOwners && pids.at(-1) !== pid) pids.push(pid)
    found.set(inode, pids)
  }
}

/** The first of these processes that has one of these sockets open; null if none has, or none can be read. */
export async function findHolder(
  inodes: ReadonlySet<number>,
  pids: readonly number[],
  procRoot = '/proc'
): Promise<number | null> {
  for (const pid of pids)
    for await (const inode of socketsOf(procRoot, pid, mostConnections)) if (inodes.has(inode)) return pid
  return null
}

/** Inodes of the sockets a process has open; none if it has ended, or belongs to another user. */
async function* socketsOf(procRoot: string, pid: number, most: number): AsyncGenerator<number> {
  const folder = `${procRoot}/${pid}/fd`
  try {
    let left = most
    for await (const { name } of await opendir(folder)) {
      if (left-- === 0) return
      const target = await readlink(`${folder}/${name}`).catch(() => '')
      const inode = parseInteger(/^socket:\[(\d+)\]$/.exec(target)?.[1])
      if (inode !== null) yield inode
    }
  } catch {
    // The process has ended meanwhile, or belongs to another user.
  }
}

/** State of a process now; null if it has ended or belongs to another user. */
export async function readOwner(pid: number, procRoot = '/proc'): Promise<SocketOwner | null> {
  try {
    const folder = `${procRoot}/${pid}`
    const [name, limits, status, openFiles] = await Promise.all([
      readFile(`${folder}/comm`, 'utf8'),
      readFile(`${folder}/limits`, 'utf8'),
      readFile(`${folder}/stat`, 'latin1'),
      countOpenFiles(`${folder}/fd`)
    ])
    const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? []
    const [nofileSoft, nofileHard] = [limitOf(soft), limitOf(hard)]
    if (nofileSoft === null || nofileHard === null) return null
    const stopped = /[Tt]/.test(stateIn(status))
    return { pid, name: name.trim(), openFiles, nofileSoft, nofileHard, stopped }
  } catch {
    return null
  }
}

function limitOf(text: string | undefined): number | null {
  return text === 'unlimited' ? Number.MAX_SAFE_INTEGER : parseInteger(text)
}

/** Since Linux 6.2 the size of the folder is the number of descriptors; before, they must be counted. */
async function countOpenFiles(folder: string): Promise<number> {
  const { size } = await stat(folder)
  if (size > 0) return size
  let count = 0
  for await (const _ of await opendir(folder)) count++
  return count
}

/** The state letter of proc_pid_stat(5). The name before it may contain parentheses and blanks. */
function stateIn(status: string): string {
  return status.slice(status.lastIndexOf(')') + 2).charAt(0)
}

/** Kernel functions in which a thread waits for an event of one of its descriptors: epoll_wait(2), poll(2), select(2). */
const waiting = /^(ep_poll|do_epoll_wait|poll_schedule_timeout|do_sys_poll|do_poll|do_select)\b/

/** Most threads to check in one process. */
const mostThreads = 64

/** `events`: all threads sleep, the first one until a descriptor has an event; `asleep`: all sleep; `busy`: one does not. */
export type Activity = 'events' | 'asleep' | 'busy'

/**
 * What a process is doing now. If connections wait to be accepted and the event loop with the listener still sleeps, the
 * process has stopped accepting. Null if unknown: reading processes of other users needs root.
 */
export async function readActivity(pid: number, procRoot = '/proc'): Promise<Activity | null> {
  const folder = `${procRoot}/${pid}`
  try {
    const threads = await readdir(`${folder}/task`)
    if (threads.length > mostThreads) return null
    const [place, ...statuses] = await Promise.all([
      readFile(`${folder}/wchan`, 'latin1'),
      ...threads.map((thread) => readFile(`${folder}/task/${thread}/stat`, 'latin1'))
    ])
    if (!statuses.every((status) => stateIn(status) === 'S')) return 'busy'
    if (place === '' || place === '0') return null
    return waiting.test(place) ? 'events' : 'asleep'
  } catch {
    return null
  }
}
