/** A balancer behind a NAT that counts ever fewer new connections and sends none to new servers. */
import { defineLab } from '../runner/lab_definition.js'
import type { LabParameters } from '../runner/lab_parameters.js'
import type { Step } from '../runner/lab_step.js'
import { runSideBySide } from '../runner/step_runner.js'
import type { Network } from '../sandbox/lab_network.js'
import {
  type Balance,
  backEnd,
  balanced,
  choiceOf,
  readBalance,
  serverName,
  servicePort
} from '../topologies/balancer.js'
import { clientNames } from '../topologies/behind_nat.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import type { Curve } from '../verdict/lab_result.js'

const servers = 3
const knownAtFirst = 2

/** Interval between two reads of the balancer's counters, in milliseconds. */
const readIntervalMs = 500

/** Up to this share of connects that make an entry, or that reach the new server, there are as good as none. */
const noneShare = 0.05

/** The balancer's counters at one moment. */
interface Reading extends Balance {
  readonly seconds: number
}

/** A step, and the balancer's counters while its load ran. */
interface BalancedStep extends Step {
  readonly readings: Reading[]
}

export const natAffinity = defineLab({
  name: 'nat-affinity',
  rank: 60,
  summary: 'a balancer sends 5-tuples that come around to the server they had, and counts no new connections',
  expected: 'time-wait-paws',
  seconds: 18,
  parameters: {
    connections: { default: 400, least: 200, most: 4000 },
    rate: { default: 40, least: 10, most: 400 },
    clients: { default: 2, least: 2, most: 6 },
    ports: { default: 64, least: 16, most: 500 }
  },
  // All ports have been used well before the second half, in which new entries are counted.
  fit: ({ connections, rate, ports }) => {
    const enough = Math.max(connections, ports * 6)
    return { connections: enough, rate: Math.max(rate, Math.ceil(enough / 15)) }
  },

  steps,

  run: async (sandbox, steps) => {
    const results = await runSideBySide(sandbox, steps)
    const measured = steps.map(({ name, role, readings }) => ({
      name,
      role,
      entries: entryShare(readings),
      added: addedShare(readings)
    }))
    return {
      steps: results.map((result, index) => ({
        ...result,
        others: [{ name: 'new entries', curve: entryCurve(steps[index]?.readings ?? []) }]
      })),
      figures: measured.flatMap(({ name, entries, added }) => [
        { name: `${name}: connects that made an entry, second half`, value: percent(entries), unit: ' %' },
        { name: `${name}: share of the server added meanwhile`, value: percent(added), unit: ' %' }
      ]),
      failures: measured.flatMap(({ name, role, entries, added }) => {
        const sticks = entries <= noneShare && added <= noneShare
        if (role === 'broken' && !sticks) return [`'${name}' still made entries or used the new server`]
        return role !== 'broken' && sticks ? [`'${name}' made no entries`] : []
      })
    }
  }
})

function steps({
  connections,
  rate,
  clients,
  ports,
  ipv6
}: LabParameters<'connections' | 'rate' | 'clients' | 'ports'>): BalancedStep[] {
  const service = target(serverAddress(ipv6), servicePort)
  const seconds = Math.ceil(connections / rate)
  const enough = Math.ceil((connections * 1.2) / ports)
  const roomy = connections * 2
  const behind = (nat: { ports: number; addresses?: number }) => {
    const readings: Reading[] = []
    return {
      topology: balanced({ ipv6, clients, choice: 'round robin', servers, known: knownAtFirst, ...nat }),
      servers: Array.from({ length: servers }, (_, index) => ({
        in: serverName(index),
        listen: [target(backEnd(index, ipv6), servicePort), '--mode', 'close-first']
      })),
      load: clientNames(clients).map((client) => ({
        in: client,
        dial: [
          service,
          ...['--churn', '--close-by', 'server', '-c', `${connections}`],
          ...['-r', `${rate / clients}`, '--duration', `${seconds}s`]
        ]
      })),
      meanwhile: (network: Network, over: Promise<unknown>) =>
        addServer(network, over, (seconds * 1000) / 2, readings),
      sign: { in: serverName(0), counter: 'TcpExt.PAWSTimewait' as const },
      readings
    }
  }
  return [
    {
      name: `${roomy} ports`,
      role: 'healthy',
      text: `${clients} hosts behind ${roomy} ports, a balancer, two servers, and a third one added half way.`,
      ...behind({ ports: roomy })
    },
    {
      name: `${ports} ports`,
      role: 'broken',
      text: `The same with ${ports} ports: the balancer knows all of them after ${Math.ceil(ports / rate)} s.`,
      ...behind({ ports })
    },
    {
      name: `${enough} addresses`,
      role: 'remedy',
      text: `${ports} ports of ${enough} addresses: no 5-tuple comes around while anybody remembers it.`,
      ...behind({ ports, addresses: enough })
    }
  ]
}

/** Reads the balancer's counters until the load is over, and adds the third server half way. */
async function addServer(
  network: Network,
  over: Promise<unknown>,
  halfMs: number,
  readings: Reading[]
): Promise<void> {
  const beganMs = performance.now()
  let isOver = false
  over.then(() => {
    isOver = true
  })
  for (let added = false; !isOver; await network.wait(readIntervalMs)) {
    const seconds = (performance.now() - beganMs) / 1000
    if (!added && seconds * 1000 >= halfMs) {
      await network.change([{ in: 'balancer', rules: choiceOf(servers) }])
      added = true
    }
    readings.push({ seconds, ...readBalance(network, servers) })
  }
}

function entryCurve(readings: readonly Reading[]): Curve {
  return {
    everySeconds: readIntervalMs / 1000,
    perSecond: readings.slice(1).map(({ entries, seconds }, index) => {
      const before = readings[index]
      return before ? Math.round((entries - before.entries) / (seconds - before.seconds)) : 0
    })
  }
}

/** How far the counters moved in the second half of the readings. */
function secondHalf(readings: readonly Reading[]): { entries: number; syns: number[] } {
  const from = readings[Math.ceil(readings.length / 2)]
  const to = readings.at(-1)
  return {
    entries: (to?.entries ?? 0) - (from?.entries ?? 0),
    syns: (to?.syns ?? []).map((count, index) => count - (from?.syns[index] ?? 0))
  }
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

/** Entries made, per SYN. */
function entryShare(readings: readonly Reading[]): number {
  const { entries, syns } = secondHalf(readings)
  return entries / Math.max(1, sum(syns))
}

/** Of the SYNs, those that went to servers added later. */
function addedShare(readings: readonly Reading[]): number {
  const { syns } = secondHalf(readings)
  return sum(syns.slice(knownAtFirst)) / Math.max(1, sum(syns))
}

const percent = (share: number) => Math.round(share * 100)
