/** Removes what killed runs left behind, and nothing that a running lab uses. */
import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { isAlive, type ProcessIdentity } from '../../host/process_identity.js'
import { type HostPaths, hostPaths } from '../../host/sysctl/host_journal.js'
import { execute, inside, namespaceFolder, type Spawn, spawnCommand } from './external_command.js'
import { restoreAbandoned } from './host_sysctls.js'
import { ownerOf } from './namespace_owner.js'
import { removeCommand } from './topology.js'

/** What {@link clean} did. */
export interface Cleaned {
  schema: 'c1m-native/lab-clean@1'
  /** Names of the namespaces removed. */
  namespaces: string[]
  /** Processes that ran inside these namespaces and were killed. */
  pids: number[]
  /** Restored host-wide sysctls, with their values. */
  sysctls: Readonly<Record<string, string>>
  /** Host-wide sysctls that no longer exist, because their kernel module was unloaded. */
  gone: readonly string[]
}

/**
 * Kills the processes, removes the namespaces and restores the sysctls of runs that have ended. The namespaces are removed
 * even when a sysctl cannot be restored.
 * @throws C1mError C1M_LAB_FAILED when this takes root, and as {@link restoreAbandoned}
 */
export function clean(spawn: Spawn = spawnCommand, paths: HostPaths = hostPaths): Cleaned {
  const restored = attempt(() => restoreAbandoned(paths))
  const namespaces = namespacesWhere((owner) => !isAlive(owner))
  const pids = removeNamespaces(namespaces, spawn)
  return { schema: 'c1m-native/lab-clean@1', namespaces, pids, ...restored() }
}

/** Does `action` now; the function it returns gives the result, or throws the error. */
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

/** Full names of the namespaces whose owner is `wanted`. */
export function namespacesWhere(wanted: (owner: ProcessIdentity) => boolean): string[] {
  return listNamespaces().filter((name) => {
    const owner = ownerOf(name)
    return owner !== null && wanted(owner)
  })
}

/** Kills the processes inside and removes the names; returns the processes it killed. */
export function removeNamespaces(names: readonly string[], spawn: Spawn): number[] {
  const pids = processesIn(names)
  for (const pid of pids) kill(pid)
  for (const name of names) {
    // The kernel takes up to a minute to end a namespace. Until then its connections would fill the conntrack table, which
    // all namespaces share.
    spawn({ argv: inside(name, ['conntrack', '-F']) })
    try {
      execute(spawn, removeCommand(name))
    } catch (error) {
      // Another run may have removed it first.
      if (listNamespaces().includes(name)) throw error
    }
  }
  return pids
}

function listNamespaces(): string[] {
  try {
    return readdirSync(namespaceFolder)
  } catch {
    // No namespace has been named since the machine started.
    return []
  }
}

/** A process is inside when its link /proc/PID/ns/net has the inode of the namespace's file. */
function processesIn(names: readonly string[]): number[] {
  const links = new Set(names.map(linkOf))
  if (links.size === 0) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => links.has(networkNamespace(pid)))
}

/** The target of such a link; one that no process has when the name is gone. */
function linkOf(name: string): string {
  return `net:[${statSync(`${namespaceFolder}/${name}`, { throwIfNoEntry: false })?.ino ?? 'none'}]`
}

function networkNamespace(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    // The process has ended, or belongs to another user.
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has ended by itself.
  }
}
