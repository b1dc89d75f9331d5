import { isOfInitialNamespace } from '../host/sysctl/scopes.js'
import { formatPorts, type Target } from '../net/target.js'
import type { DialScenario } from '../scenario/scenario.js'

/** One step that mends a cause, to be taken on the side the finding names. */
export type Remedy =
  | { kind: 'sysctl'; name: string; value: string }
  | { kind: 'prlimit'; pid: Pid; descriptors: number }
  /** A line for a shell. */
  | { kind: 'command'; line: string }
  /** What no command can do. */
  | { kind: 'advice'; text: string }

/** A process; `$$` is the shell the line is typed in, and `PID` one that the reader has to find out. */
type Pid = number | '$$' | 'PID'

/** Sets a sysctl until the next boot. */
export function sysctl(name: string, value: number | string): Remedy {
  return { kind: 'sysctl', name, value: `${value}` }
}

/** Raises RLIMIT_NOFILE of a process, soft and hard. */
export function prlimit(pid: Pid, descriptors: number): Remedy {
  return { kind: 'prlimit', pid, descriptors }
}

export function command(line: string): Remedy {
  return { kind: 'command', line }
}

export function advice(text: string): Remedy {
  return { kind: 'advice', text }
}

/** A name as a word of a shell, in quotes where it has characters that mean something there: a device may be named `a;b`. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * The steps with the advice where each is to be taken, as far as that follows from the step: a sysctl that only the
 * initial network namespace has, a limit that only root raises.
 */
export function placed(remedy: readonly Remedy[]): Remedy[] {
  return remedy.flatMap((step, i) => {
    const before = remedy[i - 1]
    const hint = isElsewhere(step)
      ? before && isElsewhere(before)
        ? null
        : 'in the initial network namespace:'
      : before && isElsewhere(before) && step.kind !== 'advice'
        ? 'in this network namespace:'
        : step.kind === 'prlimit' && !(before?.kind === 'advice' && before.text.startsWith('as root'))
          ? 'as root:'
          : null
    return hint === null ? [step] : [advice(hint), step]
  })
}

const isElsewhere = (step: Remedy) => step.kind === 'sysctl' && isOfInitialNamespace(step.name)

/** The remedy as a line for a shell; advice is a comment there. */
export function shellLine(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'sysctl':
      return `sysctl -w ${shellWord(remedy.name)}=${/\s/.test(remedy.value) ? `"${remedy.value}"` : remedy.value}`
    case 'prlimit':
      return `prlimit --pid ${remedy.pid} --nofile=${remedy.descriptors}:${remedy.descriptors}`
    case 'command':
      return remedy.line
    case 'advice':
      return `# ${remedy.text}`
  }
}

/** The backlog to raise a listener to: about 16 times the kernel's default for `net.core.somaxconn`. */
const ampleBacklog = 65_535

/** Allows long accept queues; a socket that listens already keeps the length of its own. */
export const raiseSomaxconn = sysctl('net.core.somaxconn', ampleBacklog)

/** Gives a listener a longer accept queue, and with it a longer SYN queue. */
export const lengthenBacklog: readonly Remedy[] = [
  raiseSomaxconn,
  advice(`and listen(fd, ${ampleBacklog}) in the server, then restart it`)
]

/** A power of two that is at least `value`, for settings whose exact number does not matter. */
export function roundUp(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)))
}

/**
 * Takes the run's connections out of connection tracking, both directions, on the side where it is typed. Not for ports
 * that a NAT there translates: it needs the tracking.
 * @param scenario null where the ports are not known, as beside a server: `PORT` stands for them
 */
export function notrack(scenario: DialScenario | null): Remedy[] {
  const rules = rulesFor(scenario)
  const chain = (name: string, hook: string) => [
    command(`nft 'add chain inet c1m ${name} { type filter hook ${hook} priority raw; }'`),
    ...rules.map((rule) => command(`nft 'add rule inet c1m ${name} ${rule} notrack'`))
  ]
  return [command('nft add table inet c1m'), ...chain('pre', 'prerouting'), ...chain('out', 'output')]
}

function rulesFor(scenario: DialScenario | null): string[] {
  if (scenario?.selfDial) return ['ip saddr 127.0.0.0/8 ip daddr 127.0.0.0/8 meta l4proto tcp']
  const ports = scenario === null ? 'PORT' : portSet(scenario.targets)
  return [`tcp dport ${ports}`, `tcp sport ${ports}`]
}

/** nft's set of the targets' ports, merged: it refuses ranges that overlap. */
function portSet(targets: readonly Target[]): string {
  const merged: Pick<Target, 'firstPort' | 'lastPort'>[] = []
  for (const { firstPort, lastPort } of targets.toSorted((a, b) => a.firstPort - b.firstPort)) {
    const previous = merged.at(-1)
    if (previous && firstPort <= previous.lastPort + 1)
      previous.lastPort = Math.max(previous.lastPort, lastPort)
    else merged.push({ firstPort, lastPort })
  }
  return merged.length === 1 ? merged.map(formatPorts).join() : `{ ${merged.map(formatPorts).join(', ')} }`
}
