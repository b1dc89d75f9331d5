/** Removes what killed runs have left behind. What living ones use stays. */
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { isAlive, type ProcessIdentity } from '../../host/process_identity.js'
import { type HostPaths, hostPaths } from '../../host/sysctl/host_journal.js'
import { execute, inside, namespaceFolder, type Spawn, spawnCommand } from './command.js'
import { restoreAbandoned } from './host_sysctls.js'
import { ownerOf } from './owner.js'
import { removeCommand } from './topology.js'

/** What {@link clean} did. */
export interface Cleaned {
  schema: 'c1m-native/lab-clean@1'
  /** Names of the namespaces removed. */
  namespaces: string[]
  /** Processes ended: those inside these namespaces. */
  pids: number[]
  /** Host-wide sysctls put back, with their values. */
  sysctls: Readonly<Record<string, string>>
  /** Host-wide sysctls that are not there any more: their module was unloaded, and took the values with it. */
  gone: readonly string[]
}

/**
 * Ends the processes, removes the namespaces and restores the sysctls of runs that are no more. Sysctls that cannot be
 * put back do not keep the namespaces.
 * @throws C1mError C1M_LAB_FAILED when that takes root, and as {@link restoreAbandoned}
 */
export function clean(spawn: Spawn = spawnCommand, paths: HostPaths = hostPaths): Cleaned {
  const restored = attempt(() => restoreAbandoned(paths))
  const namespaces = namespacesOf((owner) => !isAlive(owner))
  const pids = removeNamespaces(namespaces, spawn)
  return { schema: 'c1m-native/lab-clean@1', namespaces, pids, ...restored() }
}

/** Does it now, and gives what came of it, or throws that, when asked. */
function attempt<T>(action: () => T): () => T {
  try {
    const result = action()
    return () => result
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** The namespaces of those owners `wanted` holds for. */
export function namespacesOf(wanted: (owner: ProcessIdentity) => boolean): string[] {
  return listNamespaces().filter((name) => {
    const owner = ownerOf(name)
    return owner !== null && wanted(owner)
  })
}

/** Kills whatever runs inside and removes the names; gives the processes killed. */
export function removeNamespaces(names: readonly string[], spawn: Spawn): number[] {
  const pids = processesIn(names)
  for (const pid of pids) kill(pid)
  for (const name of names) {
    // The kernel takes up to a minute to end a namespace; its entries would stay in the hash that all namespaces share.
    spawn({ argv: inside(name, ['conntrack', '-F']) })
    try {
      execute(spawn, removeCommand(name))
    } catch (error) {
      // Another run that cleans may have been faster.
      if (listNamespaces().includes(name)) throw error
    }
  }
  return pids
}

function listNamespaces(): string[] {
  try {
    return readdirSync(namespaceFolder)
  } catch {
    // No namespace was ever named on this machine.
    return []
  }
}

/** A process is inside when its link /proc/PID/ns/net names the inode that the namespace's file has. */
function processesIn(names: readonly string[]): number[] {
  const links = new Set(names.map(linkOf))
  if (links.size === 0) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => links.has(networkNamespace(pid)))
}

/** What such a link says; nothing any process has when the name is gone. */
function linkOf(name: string): string {
  return `net:[${statSync(`${namespaceFolder}/${name}`, { throwIfNoEntry: false })?.ino ?? 'none'}]`
}

function networkNamespace(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    // It has ended, or is none of ours.
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
