/** The NAT arithmetic put to the test: how many connects per second a NAT's ports last for. */
import { counterValue } from '../../host/counters.js'
import { reuseRatePerSecond, tupleLifetimeSeconds } from '../../host/nat_arithmetic.js'
import { defineLab } from '../runner/lab_definition.js'
import type { LabParameters } from '../runner/lab_parameters.js'
import type { Step } from '../runner/lab_step.js'
import { runSideBySide } from '../runner/step_runner.js'
import type { Network } from '../sandbox/lab_network.js'
import { type BehindNatOptions, behindNat, clientNames } from '../topologies/behind_nat.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'

/** Connects per second as a multiple of the critical rate: as near below as timers allow, and well above. */
const below = 0.9
const above = 2

/** How long the load continues after the first port is used again below the critical rate, in seconds. */
const marginSeconds = 10

/** Connections whose TIME_WAIT is timed. */
const samples = 50

/** Interval between two counts of them, in milliseconds. */
const countIntervalMs = 50

export const natCapacity = defineLab({
  name: 'nat-capacity',
  rank: 50,
  summary: 'ports / TIME_WAIT lifetime: the connect rate a NAT can bear, crossed from below and from above',
  expected: 'time-wait-paws',
  seconds: 82,
  parameters: {
    ports: { default: 90, least: 30, most: 1000 },
    clients: { default: 2, least: 2, most: 6 }
  },

  steps,

  run: async (sandbox, steps, { ports, ipv6 }) => {
    const [lifetime, results] = await Promise.all([
      timeWaitLifetime(sandbox.network(), ipv6),
      runSideBySide(sandbox, steps)
    ])
    const figure = (name: string, value: number, unit: string) => ({
      name,
      value: Number(value.toFixed(2)),
      unit
    })
    return {
      steps: results,
      figures: [
        figure('TIME_WAIT lifetime measured', lifetime, ' s'),
        figure('critical rate reckoned with 60 s', criticalRate(ports), '/s'),
        figure('critical rate with the lifetime measured', reuseRatePerSecond({ ports }, lifetime), '/s')
      ]
    }
  }
})

/** Connects per second at which a port is used again just as its TIME_WAIT ends. */
function criticalRate(ports: number): number {
  return reuseRatePerSecond({ ports }, tupleLifetimeSeconds.timeWait)
}

function steps({ ports, clients, ipv6 }: LabParameters<'ports' | 'clients'>): Step[] {
  const critical = criticalRate(ports)
  const server = target(serverAddress(ipv6), 443)
  const seconds = Math.ceil(ports / (critical * below)) + marginSeconds
  const at = (times: number, nat: Partial<BehindNatOptions> = {}): Omit<Step, 'name' | 'role' | 'text'> => ({
    topology: behindNat({ ipv6, clients, ports, choice: 'round robin', ...nat }),
    servers: [{ in: 'server', listen: [server, '--mode', 'close-first'] }],
    load: clientNames(clients).map((client) => ({
      in: client,
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
async function timeWaitLifetime(network: Network, ipv6: boolean): Promise<number> {
  await network.build(pair({ ipv6 }))
  const server = target(serverAddress(ipv6), 443)
  const listener = network.startOwn('server', ['listen', server, '--mode', 'close-first'])
  await listener.until(() => true)
  const waiting = () => counterValue(listener.counters(), 'Sockstat.TCP.tw') ?? 0
  network.startOwn('client', ['dial', server, '-c', `${samples}`])
  const beganMs = await moment(network, () => waiting() > 0)
  return ((await moment(network, () => waiting() === 0)) - beganMs) / 1000
}

/** When the condition first held, in milliseconds on the monotonic clock. */
async function moment(network: Network, holds: () => boolean): Promise<number> {
  while (!holds()) await network.wait(countIntervalMs)
  return performance.now()
}
