import type { Target } from '../net/targets.js'
import type { DialScenario } from '../scenario/scenario.js'

/**
 * Remedies are lines for a shell, to be typed on the side the finding names. A line that begins with `#` is advice that
 * no command can carry out.
 */

/** Sets a sysctl until the next boot. */
export function sysctl(name: string, value: number | string): string {
  return `sysctl -w ${name}=${typeof value === 'string' && /\s/.test(value) ? `"${value}"` : value}`
}

/** Something to do that is not a command. */
export function advice(text: string): string {
  return `# ${text}`
}

/** A power of two that is at least `value`, for settings whose exact number does not matter. */
export function roundUp(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)))
}

/**
 * Takes the run's connections out of connection tracking, both directions, on the side where it is typed. Not for ports
 * that a NAT there translates: it needs the tracking.
 * @param scenario null where the ports are not known, as beside a server: `PORT` stands for them
 */
export function notrack(scenario: DialScenario | null): string[] {
  const rules = rulesFor(scenario)
  const chain = (name: string, hook: string) => [
    `nft 'add chain inet c1m ${name} { type filter hook ${hook} priority raw; }'`,
    ...rules.map((rule) => `nft 'add rule inet c1m ${name} ${rule} notrack'`)
  ]
  return ['nft add table inet c1m', ...chain('pre', 'prerouting'), ...chain('out', 'output')]
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
  return merged.length === 1 ? merged.map(portsOf).join() : `{ ${merged.map(portsOf).join(', ')} }`
}

/** `8100-8119`, or `80`. */
export function portsOf({ firstPort, lastPort }: Pick<Target, 'firstPort' | 'lastPort'>): string {
  return firstPort === lastPort ? `${firstPort}` : `${firstPort}-${lastPort}`
}
