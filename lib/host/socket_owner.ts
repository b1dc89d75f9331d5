import { opendir, readFile, readlink, stat } from 'node:fs/promises'
import { parseInteger } from './proc_reader.js'

/** A process, and how near it is to its descriptor limit. */
export interface SocketOwner {
  pid: number
  /** As /proc/PID/comm has it: 15 bytes at most. */
  name: string
  openFiles: number
  /** Soft RLIMIT_NOFILE. */
  nofileSoft: number
}

/** Descriptors looked at in each process: a listening socket is opened before what it accepts, so its number is low. */
const mostDescriptors = 1024

/**
 * Finds processes that have these sockets open, one for each. Looks through /proc, which takes milliseconds, and needs
 * root for processes of others: what is not found is missing.
 */
export async function findOwners(
  inodes: ReadonlySet<number>,
  procRoot = '/proc'
): Promise<Map<number, number>> {
  const pids = new Map<number, number>()
  // Often they are our own; then nobody else's need be read.
  await findIn(procRoot, process.pid, inodes, pids)
  if (pids.size === inodes.size) return pids
  try {
    for await (const { name } of await opendir(procRoot)) {
      const pid = parseInteger(name)
      if (pid !== null) await findIn(procRoot, pid, inodes, pids)
      if (pids.size === inodes.size) break
    }
  } catch {
    // No /proc: nobody is found.
  }
  return pids
}

async function findIn(
  procRoot: string,
  pid: number,
  wanted: ReadonlySet<number>,
  found: Map<number, number>
): Promise<void> {
  const folder = `${procRoot}/${pid}/fd`
  try {
    let left = mostDescriptors
    for await (const { name } of await opendir(folder)) {
      if (left-- === 0) return
      const target = await readlink(`${folder}/${name}`).catch(() => '')
      const inode = parseInteger(/^socket:\[(\d+)\]$/.exec(target)?.[1])
      if (inode !== null && wanted.has(inode)) found.set(inode, pid)
    }
  } catch {
    // Ended meanwhile, or not ours.
  }
}

/** A process as it is now; null when it is gone or not ours. */
export async function readOwner(pid: number, procRoot = '/proc'): Promise<SocketOwner | null> {
  try {
    const folder = `${procRoot}/${pid}`
    const [name, limits, openFiles] = await Promise.all([
      readFile(`${folder}/comm`, 'utf8'),
      readFile(`${folder}/limits`, 'utf8'),
      countOpenFiles(`${folder}/fd`)
    ])
    const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
    const nofileSoft = soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : parseInteger(soft)
    return nofileSoft === null ? null : { pid, name: name.trim(), openFiles, nofileSoft }
  } catch {
    return null
  }
}

/** Since Linux 6.2 the size of the folder is their number; before, they have to be counted. */
async function countOpenFiles(folder: string): Promise<number> {
  const { size } = await stat(folder)
  if (size > 0) return size
  let count = 0
  for await (const _ of await opendir(folder)) count++
  return count
}
