/** The arithmetic of incident 2 made real: how many connects a second a NAT's ports last for. */
import { counterValue } from '../../host/counters.js'
import { reuseRatePerSecond, tupleLifetimeSeconds } from '../../host/nat_arithmetic.js'
import { type Act, conduct } from '../runner/steps.js'
import type { Scene } from '../stage/stage.js'
import { behindNat, clientRoles, type NatOptions } from '../topologies/nat.js'
import { pair, serverAddress, target } from '../topologies/networks.js'
import type { Lab, Parameters } from '../verdict/lab.js'

/** Connects per second, as a multiple of the critical rate: comfortably above, and as near below as timers allow. */
const below = 0.9
const above = 2

/** Past the moment at which the first port comes around below the critical rate, in seconds. */
const marginSeconds = 10

/** TIME_WAITs of which the lifetime is taken. */
const samples = 50

/** How often they are counted, in milliseconds. */
const lookEveryMs = 50

export const natCapacity: Lab = {
  name: 'nat-capacity',
  summary: 'ports / TIME_WAIT lifetime: the connect rate a NAT can bear, crossed from below and from above',
  expected: 'time-wait-paws',
  seconds: 82,
  tools: ['nft'],
  hostSysctls: [],
  defaults: { ports: 90, clients: 2 },
  bounds: { ports: [30, 1000], clients: [2, 6] },

  perform: async (stage, { ports, clients, ipv6 }) => {
    const tuples = { ports }
    const critical = reuseRatePerSecond(tuples, tupleLifetimeSeconds.timeWait)
    const act = acts({ ports, clients, ipv6 }, critical)
    const [lifetime, ...played] = await Promise.all([
      timeWaitLifetime(stage.scene(), ipv6),
      ...act.map((one) => conduct(stage.scene(), [one]))
    ])
    const figure = (name: string, value: number, unit: string) => ({
      name,
      value: Number(value.toFixed(2)),
      unit
    })
    return {
      acts: played.flat(),
      figures: [
        figure('TIME_WAIT lifetime measured', lifetime, ' s'),
        figure('critical rate reckoned with 60 s', critical, '/s'),
        figure('critical rate with the lifetime measured', reuseRatePerSecond(tuples, lifetime), '/s')
      ]
    }
  }
}

function acts(
  { ports, clients, ipv6 }: Pick<Parameters, 'ports' | 'clients' | 'ipv6'>,
  critical: number
): Act[] {
  const server = target(serverAddress(ipv6), 443)
  const seconds = Math.ceil(ports / (critical * below)) + marginSeconds
  const at = (times: number, nat: Partial<NatOptions> = {}): Omit<Act, 'name' | 'role' | 'text'> => ({
    topology: behindNat({ ipv6, clients, ports, choice: 'round robin', ...nat }),
    servers: [{ in: 'server', listen: [server, '--mode', 'close-first'] }],
    load: clientRoles(clients).map((role) => ({
      in: role,
      dial: [
        server,
        ...['--churn', '--close-by', 'server', '-c', '64', '--duration', `${seconds}s`],
        ...['-r', `${(critical * times) / clients}`]
      ]
    })),
    times: times / below,
    sign: { in: 'server', counter: 'TcpExt.PAWSTimewait' }
  })
  const rate = (times: number) => `${Number((critical * times).toFixed(2))}/s`
  return [
    {
      name: `${rate(below)}, below`,
      role: 'healthy',
      text: `${clients} hosts behind ${ports} ports used in turn, at ${below} of the critical rate.`,
      ...at(below)
    },
    {
      name: `${rate(above)}, above`,
      role: 'broken',
      text: `The same at ${above} times the critical rate: each port comes around before its TIME_WAIT has ended.`,
      ...at(above)
    },
    {
      name: `${rate(above)}, 3 addresses`,
      role: 'remedy',
      text: 'The same rate with three addresses at the NAT: three times the ports, three times the critical rate.',
      ...at(above, { addresses: 3 })
    }
  ]
}

/** Seconds from the close of a connection to the end of its TIME_WAIT, on this kernel. */
async function timeWaitLifetime(scene: Scene, ipv6: boolean): Promise<number> {
  await scene.build(pair({ ipv6 }))
  const server = target(serverAddress(ipv6), 443)
  const listener = scene.startOwn('server', ['listen', server, '--mode', 'close-first'])
  await listener.until(() => true)
  const waiting = () => counterValue(listener.counters(), 'Sockstat.TCP.tw') ?? 0
  scene.startOwn('client', ['dial', server, '-c', `${samples}`])
  const beganMs = await moment(scene, () => waiting() > 0)
  return ((await moment(scene, () => waiting() === 0)) - beganMs) / 1000
}

/** When this first held, on the monotonic clock in milliseconds. */
async function moment(scene: Scene, holds: () => boolean): Promise<number> {
  while (!holds()) await scene.wait(lookEveryMs)
  return performance.now()
}
