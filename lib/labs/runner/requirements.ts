/** What a lab needs of the host, and what of that is missing. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { C1mError } from '../../base/errors.js'
import { approximateBytes } from '../../base/units.js'
import { readHostFacts } from '../../host/facts.js'
import { environment, type Spawn, spawnCommand } from '../sandbox/external_command.js'
import { isReadOnly } from '../sandbox/host_sysctls.js'
import type { Lab } from './lab_definition.js'
import type { LabParameters } from './lab_parameters.js'

/** Programs that every lab needs. */
const always = ['ip', 'nsenter', 'unshare', 'sysctl']

/** Debian packages of programs, where the package has another name. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  sysctl: 'procps',
  nft: 'nftables',
  prlimit: 'util-linux'
}

/** What the caller of a lab permits and asks for. */
interface LabPermissions {
  readonly allowHostChanges: boolean
  readonly pcap: boolean
}

/** What this host lacks for the lab, a sentence each with its remedy. */
export function unmetNeeds(
  lab: Pick<Lab, 'tools' | 'hostSysctls' | 'memoryBytes'>,
  permissions: LabPermissions,
  parameters: LabParameters,
  spawn: Spawn = spawnCommand
): string[] {
  const programs = [...always, ...lab.tools, ...(permissions.pcap ? ['tcpdump'] : [])]
  const missing = programs.filter((program) => !isOnPath(program))
  const names = lab.hostSysctls.join(' and ')
  return [
    ...missing.map(
      (program) => `${program} is not installed: apt-get install ${packages[program] ?? program}`
    ),
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
export function refuseUnmetNeeds(lab: Lab, permissions: LabPermissions, parameters: LabParameters): void {
  const [first, ...others] = unmetNeeds(lab, permissions, parameters)
  if (first === undefined) return
  throw new C1mError('C1M_LAB_UNAVAILABLE', `${lab.name} cannot run here: ${[first, ...others].join('; ')}`)
}

/** Root may lack CAP_SYS_ADMIN, as in a container; other users need a user namespace, which some systems refuse. */
function refusedNamespaces(spawn: Spawn): string[] {
  const user = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const { status, stderr } = spawn({ argv: ['unshare', ...user, '--mount', '--net', 'true'] })
  return status === 0 ? [] : [`no network namespace can be made here: ${stderr.trim()}`]
}

/** tcpdump sets its groups, which the kernel forbids in a user namespace that was made without root (user_namespaces(7)). */
function maySetGroups(): boolean {
  try {
    return readFileSync('/proc/self/setgroups', 'latin1').trim() === 'allow'
  } catch {
    // This kernel has no user namespaces.
    return true
  }
}

/** A host that runs out of memory kills processes, and not only those of the lab. */
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
