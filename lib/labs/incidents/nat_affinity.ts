/** Incident 2 as its balancer showed it: ever fewer new connections, and new servers that get none. */
import { type Act, conduct } from '../runner/steps.js'
import type { Scene } from '../stage/stage.js'
import {
  type Balance,
  backEnd,
  balanced,
  knowing,
  readBalance,
  serverRole,
  servicePort
} from '../topologies/balancer.js'
import { clientRoles } from '../topologies/nat.js'
import { serverAddress, target } from '../topologies/networks.js'
import type { ActResult, Curve, Lab, Parameters } from '../verdict/lab.js'

const servers = 3
const knownAtFirst = 2

/** How often the balancer's counters are read, in milliseconds. */
const readEveryMs = 500

/** A share of new entries, and of the new server, that is none. */
const none = 0.05

/** The balancer's counters over time. */
interface Reading extends Balance {
  readonly seconds: number
}

export const natAffinity: Lab = {
  name: 'nat-affinity',
  summary: 'a balancer sends 5-tuples that come around to the server they had, and counts no new connections',
  expected: 'time-wait-paws',
  seconds: 18,
  tools: ['nft'],
  hostSysctls: [],
  defaults: { connections: 400, rate: 40, clients: 2, ports: 64 },
  bounds: { connections: [200, 4000], rate: [10, 400], clients: [2, 6], ports: [16, 500] },
  // The ports come around well before the second half, in which new entries are counted.
  fit: ({ connections, rate, ports }) => {
    const enough = Math.max(connections, ports * 6)
    return { connections: enough, rate: Math.max(rate, Math.ceil(enough / 15)) }
  },

  perform: async (stage, parameters) => {
    const played = await Promise.all(
      acts(parameters).map(async ({ readings, ...act }) => {
        const [result] = await conduct(stage.scene(), [act])
        return { act: result as ActResult, readings }
      })
    )
    return {
      acts: played.map(({ act, readings }) => ({
        ...act,
        others: [{ name: 'new entries', curve: entryCurve(readings) }]
      })),
      figures: played.flatMap(({ act: { name }, readings }) => [
        {
          name: `${name}: connects that made an entry, second half`,
          value: percent(entryShare(readings)),
          unit: ' %'
        },
        {
          name: `${name}: share of the server added meanwhile`,
          value: percent(newShare(readings)),
          unit: ' %'
        }
      ]),
      failures: played.flatMap(({ act: { name, role }, readings }) => {
        const sticks = entryShare(readings) <= none && newShare(readings) <= none
        if (role === 'broken' && !sticks) return [`'${name}' still made entries or used the new server`]
        return role !== 'broken' && sticks ? [`'${name}' made no entries`] : []
      })
    }
  }
}

function acts({ connections, rate, clients, ports, ipv6 }: Parameters): (Act & { readings: Reading[] })[] {
  const service = target(serverAddress(ipv6), servicePort)
  const seconds = Math.ceil(connections / rate)
  const enough = Math.ceil((connections * 1.2) / ports)
  const roomy = connections * 2
  const act = (nat: { ports: number; addresses?: number }) => {
    const readings: Reading[] = []
    return {
      topology: balanced({ ipv6, clients, choice: 'round robin', servers, known: knownAtFirst, ...nat }),
      servers: Array.from({ length: servers }, (_, index) => ({
        in: serverRole(index),
        listen: [target(backEnd(index, ipv6), servicePort), '--mode', 'close-first']
      })),
      load: clientRoles(clients).map((role) => ({
        in: role,
        dial: [
          service,
          ...['--churn', '--close-by', 'server', '-c', `${connections}`],
          ...['-r', `${rate / clients}`, '--duration', `${seconds}s`]
        ]
      })),
      meanwhile: (scene: Scene, over: Promise<unknown>) =>
        addServer(scene, over, (seconds * 1000) / 2, readings),
      sign: { in: serverRole(0), counter: 'TcpExt.PAWSTimewait' as const },
      readings
    }
  }
  return [
    {
      name: `${roomy} ports`,
      role: 'healthy',
      text: `${clients} hosts behind ${roomy} ports, a balancer, two servers, and a third one added half way.`,
      ...act({ ports: roomy })
    },
    {
      name: `${ports} ports`,
      role: 'broken',
      text: `The same with ${ports} ports: the balancer knows all of them after ${Math.ceil(ports / rate)} s.`,
      ...act({ ports })
    },
    {
      name: `${enough} addresses`,
      role: 'remedy',
      text: `${ports} ports of ${enough} addresses: no 5-tuple comes around while anybody remembers it.`,
      ...act({ ports, addresses: enough })
    }
  ]
}

/** Reads the balancer's counters until the load is over, and tells it of the third server half way. */
async function addServer(
  scene: Scene,
  over: Promise<unknown>,
  halfMs: number,
  readings: Reading[]
): Promise<void> {
  const beganMs = performance.now()
  let isOver = false
  over.then(() => {
    isOver = true
  })
  for (let added = false; !isOver; await scene.wait(readEveryMs)) {
    const seconds = (performance.now() - beganMs) / 1000
    if (!added && seconds * 1000 >= halfMs) {
      await scene.change([{ in: 'balancer', rules: knowing(servers) }])
      added = true
    }
    readings.push({ seconds, ...readBalance(scene, servers) })
  }
}

function entryCurve(readings: readonly Reading[]): Curve {
  return {
    everySeconds: readEveryMs / 1000,
    perSecond: readings.slice(1).map(({ entries, seconds }, index) => {
      const before = readings[index]
      return before ? Math.round((entries - before.entries) / (seconds - before.seconds)) : 0
    })
  }
}

/** What the second half of the readings added. */
function secondHalf(readings: readonly Reading[]): { entries: number; syns: number[] } {
  const from = readings[Math.ceil(readings.length / 2)]
  const to = readings.at(-1)
  return {
    entries: (to?.entries ?? 0) - (from?.entries ?? 0),
    syns: (to?.syns ?? []).map((count, index) => count - (from?.syns[index] ?? 0))
  }
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

function entryShare(readings: readonly Reading[]): number {
  const { entries, syns } = secondHalf(readings)
  return entries / Math.max(1, sum(syns))
}

function newShare(readings: readonly Reading[]): number {
  const { syns } = secondHalf(readings)
  return sum(syns.slice(knownAtFirst)) / Math.max(1, sum(syns))
}

const percent = (share: number) => Math.round(share * 100)
