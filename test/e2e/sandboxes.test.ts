/** When a sandbox refuses system calls, plan and doctor promise no more than dial does, and say what they cannot see. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DoctorReport } from '../../lib/doctor/doctor.js'
import type { Plan } from '../../lib/plan/plan.js'
import type { RunResult } from '../../lib/result/result.js'
import { type Ended, ending } from '../cli/run_cli.js'
import { causesOf, dialIn, listenIn } from '../helpers/causes.js'
import { connectNamespaces, main, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'
import { compileRefuse, mayRefuse } from '../helpers/refuse.js'

type Refused = 'netlink' | 'unshare' | 'close_range'

let refuse: ReturnType<typeof compileRefuse> | undefined
beforeAll(() => {
  if (mayRefuse) refuse = compileRefuse()
})
afterAll(() => refuse?.[Symbol.dispose]())

/** Runs the command line in a namespace and a sandbox that refuses a system call. */
function confined(namespace: Namespace, refused: Refused, ...args: string[]): Promise<Ended> {
  return ending(namespace.spawn(refuse?.path ?? '', refused, process.execPath, main, ...args))
}

async function jsonOf<T>(...args: Parameters<typeof confined>): Promise<T> {
  const { stdout, stderr } = await confined(...args)
  if (stdout === '') throw new Error(`there is no result: ${stderr}`)
  return JSON.parse(stdout) as T
}

describe.skipIf(!mayRefuse || !mayMakeNamespaces)(
  'a sandbox that denies threads their own descriptor tables',
  () => {
    // Each of two workers has half of the one table; each connection of a self-dial needs two descriptors.
    const most = 2 * Math.floor(Math.floor((4096 - 64) / 2) / 2)
    const limited = (namespace: Namespace, refused: Refused, ...args: string[]) =>
      ending(
        namespace.spawn(
          ...([
            'prlimit',
            '--nofile=4096:4096',
            refuse?.path ?? '',
            refused,
            process.execPath,
            main
          ] as const),
          ...args
        )
      )

    it.each(['unshare', 'close_range'] as const)(
      '(%s) limits plan and doctor as it limits dial',
      async (refused) => {
        using host = await Namespace.create()
        const dial = (connections: number) =>
          limited(host, refused, 'dial', '--workers', '2', '-c', `${connections}`, '--json')
        const plan = (connections: number) =>
          limited(host, refused, 'plan', '--workers', '2', '-c', `${connections}`, '--json')

        expect(await plan(most)).toMatchObject({ code: 0 })
        const full = await dial(most)
        expect(full.code).toBe(0)
        expect(JSON.parse(full.stdout)).toMatchObject({
          connections: { established: most, failed: 0 },
          process: { privateTables: false },
          findings: []
        })

        const refusal = await dial(most + 1)
        expect(refusal).toMatchObject({ code: 3, stdout: '' })
        expect(refusal.stderr).toContain(
          `of ${(most + 1).toLocaleString('en')} connections, ${most.toLocaleString('en')} fit`
        )
        const planned = await plan(most + 1)
        expect(planned.code).toBe(3)
        const { findings, needs } = JSON.parse(planned.stdout) as Plan
        expect(findings.map(({ id, bindsAt }) => [id, bindsAt])).toEqual([['descriptor-limit', most]])
        expect(needs.client.tables).toBe(1)

        const judged = await limited(host, refused, 'doctor', '-c', '30k', '--json')
        const { fits, findings: bound } = JSON.parse(judged.stdout) as DoctorReport
        expect(fits).toBe(false)
        expect(bound.map(({ id }) => id)).toEqual(['descriptor-limit'])
      }
    )
  }
)

const noSockets =
  'the kernel would not list its sockets: socket EAFNOSUPPORT. Allow netlink sockets (AF_NETLINK).'
const noDevices =
  'the kernel would not list its network devices: getifaddrs EAFNOSUPPORT. Allow netlink sockets (AF_NETLINK).'
const noRoutes =
  'the devices packets leave by, and whether they are up: netlink sockets (AF_NETLINK) are refused here, or the addon does not load'

describe.skipIf(!mayRefuse || !mayMakeNamespaces)('a sandbox that denies netlink sockets', () => {
  const target = '198.18.90.2:8100'

  async function twoHosts() {
    const client = await Namespace.create()
    const server = await Namespace.create()
    connectNamespaces(client, '198.18.90.1/24', server, '198.18.90.2/24')
    return {
      client,
      server,
      [Symbol.dispose]() {
        client[Symbol.dispose]()
        server[Symbol.dispose]()
      }
    }
  }

  it('does not stop a dial to another host, even when the kernel has no port left to choose', async () => {
    using hosts = await twoHosts()
    hosts.client.run('sysctl', '-qw', 'net.ipv4.ip_local_reserved_ports=32768-60999')
    await using _listening = await listenIn(hosts.server, target)
    for (const source of [[], ['-s', '198.18.90.1']]) {
      const dialed = await jsonOf<RunResult>(
        hosts.client,
        'netlink',
        'dial',
        target,
        '-c',
        '50',
        '--json',
        ...source
      )
      expect(dialed.connections).toMatchObject({ established: 50, failed: 0 })
      expect(dialed).toMatchObject({ findings: [], unavailable: [] })
    }
  })

  it('leaves a dial its findings, and the result says what it could not see', async () => {
    using hosts = await twoHosts()
    const dialed = await jsonOf<RunResult>(hosts.client, 'netlink', 'dial', target, '-c', '5', '--json')
    expect(causesOf(dialed)).toEqual(['connection-refused'])
    expect(dialed.unavailable).toEqual([`the devices on the way: ${noDevices}`])
    const alone = await jsonOf<RunResult>(hosts.client, 'netlink', 'dial', '-c', '5', '--json')
    expect(alone).toMatchObject({ findings: [], unavailable: [`the accept queues: ${noSockets}`] })
  })

  it('leaves plan and doctor their answers, which say what they could not see', async () => {
    using hosts = await twoHosts()
    const planned = await jsonOf<Plan>(hosts.client, 'netlink', 'plan', target, '--json')
    expect(planned).toMatchObject({ fits: true, findings: [] })
    expect(planned.unknown).toContain(noRoutes)
    expect(planned.scenario.sources).toEqual([{ first: '198.18.90.1', last: '198.18.90.1' }])
    const judged = await jsonOf<DoctorReport>(hosts.client, 'netlink', 'doctor', target, '-c', '10', '--json')
    expect(judged).toMatchObject({ fits: true, findings: [] })
    expect(judged.unknown).toContain(noRoutes)
    const unrouted = await jsonOf<Plan>(hosts.client, 'netlink', 'plan', '203.0.113.1:80', '--json')
    expect(causesOf(unrouted)).toEqual(['unreachable'])
  })

  it('does not hide which addresses belong to this host', async () => {
    using hosts = await twoHosts()
    const { needs } = await jsonOf<Plan>(
      hosts.client,
      'netlink',
      'plan',
      '198.18.90.1:80',
      '-c',
      '10',
      '--json'
    )
    expect(needs.client.sockets).toBe(20)
  })

  it('does not affect a listener', async () => {
    using hosts = await twoHosts()
    const listened = await confined(
      hosts.server,
      'netlink',
      'listen',
      target,
      '--duration',
      '200ms',
      '--json'
    )
    expect(listened).toMatchObject({ code: 0 })
    expect(await dialIn(hosts.client, target, '-c', '1')).toMatchObject({ connections: { failed: 1 } })
  })
})
