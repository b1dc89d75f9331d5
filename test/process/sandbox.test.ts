/** A system call that a sandbox refuses disables only what depends on it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../../lib/plan/plan.js'
import type { RunResult } from '../../lib/result/result.js'
import type { WatchResult } from '../../lib/watch/watch_result.js'
import { runShell } from '../cli/run_cli.js'
import { freePort, ownAddress } from '../helpers/loopback.js'
import { compileRefuse, mayRefuse } from '../helpers/refuse.js'

let refuse: ReturnType<typeof compileRefuse> | undefined
beforeAll(() => {
  if (mayRefuse) refuse = compileRefuse()
})
afterAll(() => refuse?.[Symbol.dispose]())

describe.skipIf(!mayRefuse)('in a sandbox without netlink sockets (needs a C++ compiler)', () => {
  const run = (args: string) => runShell(`exec ${refuse?.path} netlink $C1M ${args}`)

  it('dial gives its result and its findings', async () => {
    const address = ownAddress()
    const { code, stdout, stderr } = await run(
      `dial ${address}:${await freePort(address)} -s ${address} -c 100 --json`
    )
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
    const result = JSON.parse(stdout) as RunResult
    expect(result.connections).toMatchObject({ attempted: 100, failed: 100 })
    expect(result.findings.map(({ id }) => id)).toEqual(['connection-refused'])
    expect(result.unavailable).toEqual([
      'the accept queues: the kernel would not list its sockets: socket EAFNOSUPPORT. Allow netlink sockets (AF_NETLINK).',
      'the devices on the way: the kernel would not list its network devices: getifaddrs EAFNOSUPPORT. Allow netlink sockets (AF_NETLINK).'
    ])
  })

  it.each(['plan -c 100', 'plan 127.0.0.1:80', 'doctor -c 1000'])('%s gives an answer', async (args) => {
    const { code, stderr } = await run(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('watch shows what else is visible, and says what is not', async () => {
    const { code, stdout } = await run('watch --duration 100ms --every 50ms --json')
    expect(code).toBe(0)
    const { sockets, unavailable } = JSON.parse(stdout) as WatchResult
    expect(sockets).toBeNull()
    expect(unavailable).toEqual([
      'the kernel would not list its sockets: socket EAFNOSUPPORT. Allow netlink sockets (AF_NETLINK).'
    ])
  })

  it('the name of an interface is refused, with the reason', async () => {
    const { code, stderr } = await run('dial 127.0.0.1:9 -s lo -c 1')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        "c1m-native: -s 'lo' cannot be looked up as an interface: netlink sockets (AF_NETLINK) are refused here. Write its address.\n"
    })
  })
})

describe.skipIf(process.getuid?.() !== 0)('a low limit on threads (needs root)', () => {
  /** RLIMIT_NPROC counts all threads and processes of a user; this user has no others, and root is exempt. */
  const user = 100_000 + process.pid
  const limited = (threads: number, args: string) =>
    runShell(`cd /; exec prlimit --nproc=${threads} setpriv --reuid=${user} --regid=${user} --clear-groups \\
      --inh-caps=-all --bounding-set=-all --no-new-privs bash -c 'ulimit -n 64; exec $C1M ${args}'`)

  it.each([8, 9, 10, 14, 16, 20, 40])(
    'of %i ends in a result or a one-sentence error, never in a crash',
    async (threads) => {
      const { code, stdout, stderr } = await limited(threads, `dial -c 2000 -s ${ownAddress()} --json`)
      expect([0, 3]).toContain(code)
      if (stdout === '')
        expect(stderr).toMatch(/^c1m-native: the engine cannot start: pthread_create: [^\n]+\n$/)
      else expect(JSON.parse(stdout)).toMatchObject({ schema: 'c1m-native/result@1', unavailable: [] })
    }
  )

  it('that is too low for a dial is too low for plan and doctor, in the same words', async () => {
    const dialed = await limited(10, 'dial -c 20')
    expect(dialed).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('the engine cannot start: pthread_create')
    })
    for (const command of ['plan', 'doctor']) expect(await limited(10, `${command} -c 20`)).toEqual(dialed)
  })

  it('that is too low for the descriptor tables is predicted', async () => {
    const { code, stdout } = await limited(16, 'plan -c 2000 --workers 1 --json')
    const { findings, needs } = JSON.parse(stdout) as Plan
    expect(code).toBe(3)
    expect(findings.map(({ id }) => id)).toEqual(['descriptor-limit'])
    expect(needs.client.tables).toBeLessThan(16)
    const dialed = await limited(16, 'dial -c 2000 --workers 1 --json')
    expect(dialed.code).not.toBe(0)
  })
})
