/** Unreachable targets in a network namespace: the error of the kernel for each, and when it comes. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../lib/plan/plan.js'
import type { RunResult } from '../../lib/result/result.js'
import { type Ended, runShell } from '../cli/run_cli.js'

// A network without other hosts, and routes that lead nowhere.
const setup = `
  ip link set lo up
  ip link add c1m0 type veth peer name c1m1
  ip address add 10.77.0.1/24 dev c1m0
  ip link set c1m0 up
  ip link set c1m1 up
  ip neighbour add 10.77.0.2 lladdr 02:00:00:00:00:02 dev c1m0
  echo 1 >/proc/sys/net/ipv4/neigh/c1m0/mcast_solicit
  ip route add unreachable 10.77.1.0/24
  ip route add prohibit 10.77.2.0/24`

/** Runs `c1m-native dial ARGS` in that network. */
function dialThere(args: string): Promise<Ended> {
  return runShell(`
    PATH=$PATH:/usr/sbin:/sbin
    unshare --user --map-root-user --net bash -euc '${setup}
    exec $C1M dial ${args}'`)
}

const canUnshare = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true']).status === 0

describe.skipIf(!canUnshare)('a target that cannot be reached (needs user namespaces)', () => {
  it('because nothing answers costs each connection its timeout', async () => {
    const { code, stdout, stderr } = await dialThere('10.77.0.2:80 -c 300 --connect-timeout 300ms --json')
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
    const { connections, errors, timing, findings } = JSON.parse(stdout) as RunResult
    expect(findings.map(({ id }) => id)).toEqual(['syn-unanswered'])
    expect(connections).toMatchObject({ attempted: 300, established: 0, failed: 300 })
    expect(errors).toMatchObject([{ phase: 'timeout', code: 'ETIMEDOUT', count: 300 }])
    expect(errors[0]?.example).toMatch(/^10\.77\.0\.1:\d+ > 10\.77\.0\.2:80$/)
    expect(timing.dialSeconds).toBeGreaterThan(0.299)
  })

  it("because no host has the address is reported by the kernel's error", async () => {
    const { code, stdout } = await dialThere('10.77.0.3:80 -c 10 --connect-timeout 20s --json')
    expect(code).toBe(4)
    const { connections, errors, findings } = JSON.parse(stdout) as RunResult
    expect(findings.map(({ id }) => id)).toEqual(['unreachable'])
    expect(connections).toMatchObject({ attempted: 10, established: 0, failed: 10 })
    expect(errors).toMatchObject([{ phase: 'connect', code: 'EHOSTUNREACH', count: 10 }])
  })

  it.each([
    ['unreachable', '10.77.1.1', 'EHOSTUNREACH'],
    ['prohibited', '10.77.2.1', 'EACCES']
  ])('because the route is %s is reported before any packet is sent', async (_, address, errno) => {
    const { code, stdout, stderr } = await dialThere(`${address}:80 -c 50 --json`)
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toBe(
      `c1m-native: this host has no route to ${address} (${errno}). Look at: ip route get ${address}.\n`
    )
  })

  it.each([
    ['unreachable', '10.77.1.1', 'EHOSTUNREACH'],
    ['prohibited', '10.77.2.1', 'EACCES']
  ])('because the route is %s is reported by its code when a source is named', async (_, address, errno) => {
    const { code, stdout } = await dialThere(`${address}:80 -c 50 -s 10.77.0.1 --json`)
    expect(code).toBe(4)
    const { connections, errors, findings } = JSON.parse(stdout) as RunResult
    expect(findings.map(({ id }) => id)).toEqual(['unreachable'])
    expect(connections).toMatchObject({ attempted: 50, established: 0, failed: 50 })
    expect(errors).toMatchObject([{ phase: 'connect', code: errno, count: 50 }])
  })
})

describe.skipIf(!canUnshare)('a plan (needs user namespaces)', () => {
  async function planThere(args: string) {
    const { code, stdout } = await runShell(`
      PATH=$PATH:/usr/sbin:/sbin
      unshare --user --map-root-user --net bash -euc '${setup}
      echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
      exec $C1M plan ${args} --json'`)
    const { findings } = JSON.parse(stdout) as Plan
    return { code, ids: findings.map(({ id }) => id) }
  }

  it.each([
    ['a route is unreachable', '10.77.1.1:80', 'unreachable'],
    ['a route is unreachable, though a source is named', '10.77.1.1:80 -s 10.77.0.1', 'unreachable'],
    ['a route is prohibited', '10.77.2.1:80 -s 10.77.0.1', 'unreachable'],
    ['there is no route', '203.0.113.1:80 -s 10.77.0.1', 'unreachable'],
    ['there is no IPv6', '[::1]:80', 'source-address-missing'],
    ['there is no IPv6, and the target is on another host', '[fd00::1]:80', 'unreachable']
  ])('predicts a failure when %s', async (_, args, id) => {
    expect(await planThere(args)).toEqual({ code: 3, ids: [id] })
  })

  it('predicts no failure for a target with a route', async () => {
    expect(await planThere('10.77.0.2:80')).toEqual({ code: 0, ids: [] })
  })
})
