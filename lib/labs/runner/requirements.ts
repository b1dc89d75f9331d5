/** What a lab needs of the host, and whether it is there. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { C1mError } from '../../base/errors.js'
import { approximateBytes } from '../../base/units.js'
import { readHostFacts } from '../../host/facts.js'
import { environment, type Spawn, spawnCommand } from '../stage/command.js'
import { isReadOnly } from '../stage/host_sysctls.js'
import type { Lab, Parameters } from '../verdict/lab.js'

/** Programs every lab runs, and the Debian package of each program a lab may run. */
const always = ['ip', 'nsenter', 'unshare', 'sysctl']
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  sysctl: 'procps',
  nft: 'nftables',
  conntrack: 'conntrack',
  prlimit: 'util-linux',
  tcpdump: 'tcpdump'
}

/** What the caller of a lab permits and wants. */
export interface Permissions {
  readonly allowHostChanges: boolean
  readonly pcap: boolean
}

/** The lab's needs that are not met, a sentence each with its remedy. */
export function unmetNeeds(
  lab: Pick<Lab, 'tools' | 'hostSysctls' | 'memoryBytes'>,
  permissions: Permissions,
  parameters: Parameters,
  spawn: Spawn = spawnCommand
): string[] {
  const programs = [...always, ...lab.tools, ...(permissions.pcap ? ['tcpdump'] : [])]
  const missing = programs.filter((program) => !isOnPath(program))
  const names = lab.hostSysctls.join(' and ')
  return [
    ...missing.map((program) => `${program} is not installed: apt-get install ${packages[program]}`),
    ...(missing.length > 0 ? [] : refusedNamespaces(spawn)),
    ...(permissions.pcap && !maySetGroups() ? ['tcpdump runs only as real root: leave out --pcap'] : []),
    ...shortOfMemory(lab.memoryBytes?.(parameters) ?? 0),
    ...(names === '' || permissions.allowHostChanges
      ? []
      : [`it sets ${names} of the whole host for seconds: say --allow-host-changes`]),
    ...(lab.hostSysctls.some((name) => isReadOnly(name))
      ? [`only root in the initial network namespace may set ${names}`]
      : [])
  ]
}

/** @throws C1mError C1M_LAB_UNAVAILABLE */
export function refuseUnmetNeeds(lab: Lab, permissions: Permissions, parameters: Parameters): void {
  const [first, ...others] = unmetNeeds(lab, permissions, parameters)
  if (first === undefined) return
  throw new C1mError('C1M_LAB_UNAVAILABLE', `${lab.name} cannot run here: ${[first, ...others].join('; ')}`)
}

/** Root may lack CAP_SYS_ADMIN, as in a container; others need a user namespace, which some systems refuse. */
function refusedNamespaces(spawn: Spawn): string[] {
  const user = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const { status, stderr } = spawn({ argv: ['unshare', ...user, '--mount', '--net', 'true'] })
  return status === 0 ? [] : [`no network namespace can be made here: ${stderr.trim()}`]
}

/** Tcpdump becomes another user, or root once more; user_namespaces(7) forbids that to those who made theirs without root. */
function maySetGroups(): boolean {
  try {
    return readFileSync('/proc/self/setgroups', 'latin1').trim() === 'allow'
  } catch {
    // No user namespaces in this kernel.
    return true
  }
}

/** A host without memory kills processes, and not only ours. */
function shortOfMemory(bytes: number): string[] {
  const available = bytes === 0 ? null : readHostFacts().memory.availableBytes
  return available === null || available >= bytes
    ? []
    : [
        `it takes ${approximateBytes(bytes)} of memory, ${approximateBytes(available)} are available: choose fewer --connections`
      ]
}

function isOnPath(program: string): boolean {
  return (
    environment()
      .PATH?.split(':')
      .some((folder) => {
        try {
          accessSync(`${folder}/${program}`, constants.X_OK)
          return true
        } catch {
          return false
        }
      }) === true
  )
}
