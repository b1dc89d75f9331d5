/** Labs as a user runs them, on the real kernel; the host is compared before and after. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LabReport } from '../../lib/labs/runner/run_labs.js'
import type { Cleaned } from '../../lib/labs/sandbox/clean.js'
import type { LabResult } from '../../lib/labs/verdict/lab_result.js'
import { ending, runCli, runShell, startCli } from '../cli/run_cli.js'
import { mayMakeNamespaces } from '../helpers/namespace.js'
import { temporaryFolder } from '../helpers/temporary.js'

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
const folder = '/run/netns'

/** Sysctls that labs may set, also a lab that runs on this machine at the same time. */
const shared = /^net\.netfilter\.nf_conntrack_(max|buckets) = .*\n/gm

/** Network settings, the firewall and the links of the initial network namespace. */
function hostState(except = shared): Record<string, string> {
  const said = (file: string, ...args: string[]) => spawnSync(file, args, { env, encoding: 'utf8' }).stdout
  const settings = said('sysctl', '-a', '-r', '^net\\.(core|ipv4|netfilter|ipv6\\.conf\\.(all|default))')
  return {
    sysctls: settings.replaceAll(/^net\.netfilter\.nf_conntrack_count = .*\n/gm, '').replaceAll(except, ''),
    rules: said('nft', 'list', 'ruleset'),
    links: said('ip', '-brief', 'link')
  }
}

/** Namespaces of the run with this process id. */
function namespacesOf(pid: number | undefined): string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith(`c1mlab-${pid}-`))
  } catch {
    return []
  }
}

/** Processes in these namespaces, according to `/proc`: no other process gets such a name during this test. */
function processesIn(names: readonly string[]): string[] {
  const links = new Set(names.map((name) => `net:[${statSync(join(folder, name)).ino}]`))
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return links.has(readlinkSync(`/proc/${pid}/ns/net`))
      } catch {
        return false
      }
    })
}

const isRunning = (pid: string) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const quick = [
  ['accept-queue', ['-c', '200', '-r', '200', '--backlog', '64']],
  ['port-exhaustion', ['--ipv6', '-c', '200', '-r', '200', '--ports', '200']],
  ['descriptor-limit', ['-c', '300', '-r', '300', '--limit', '128']]
] as const

const hasNft = spawnSync('nft', ['--version'], { env }).status === 0
const hasTcpdump = spawnSync('tcpdump', ['--version'], { env }).status === 0

describe
  .skipIf(!mayMakeNamespaces)
  .concurrent('labs on the real kernel (skipped without root)', { timeout: 90_000 }, () => {
    it.for(quick)('%s passes and leaves nothing behind', async ([name, parameters], { expect }) => {
      const before = hostState()
      const child = startCli(['lab', 'run', name, ...parameters, '--json', '-q'])
      const { code, stdout, stderr } = await ending(child)
      const { failures, acts } = JSON.parse(stdout) as LabResult
      expect({ code, stderr, failures }).toEqual({ code: 0, stderr: '', failures: [] })
      expect(acts.map(({ role }) => role).slice(0, 3)).toEqual(['healthy', 'broken', 'remedy'])
      expect(namespacesOf(child.pid)).toEqual([])
      expect(hostState()).toEqual(before)
    })

    it('a lab without root runs in a user namespace', async ({ expect, skip }) => {
      const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups'
      const parameters = '-c 200 -r 200 --limit 64 --json -q'
      const { code, stdout, stderr } = await runShell(
        `exec ${nobody} $C1M lab run descriptor-limit ${parameters}`
      )
      if (code === 3) skip(stderr)
      const { failures } = JSON.parse(stdout) as LabResult
      expect({ code, failures }).toEqual({ code: 0, failures: [] })
    })

    it.skipIf(!hasNft || !hasTcpdump)(
      'SIGINT in a lab cleans up, and keeps the packets captured so far (skipped without nft, tcpdump)',
      async ({ expect }) => {
        using temporary = temporaryFolder()
        const pcap = join(temporary.path, 'syn-loss.pcap')
        const before = hostState()
        const child = startCli(['lab', 'run', 'syn-loss', '--pcap', pcap])
        const ended = ending(child)
        await expect
          .poll(() => statSync(pcap, { throwIfNoEntry: false })?.size ?? 0, { timeout: 60_000 })
          .toBeGreaterThan(1000)
        const inside = processesIn(namespacesOf(child.pid))
        child.kill('SIGINT')
        const { code, stdout, stderr } = await ended
        expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
        expect(stderr).toContain('stopped; cleaned up')
        expect(namespacesOf(child.pid)).toEqual([])
        expect(inside.length).toBeGreaterThan(3)
        await expect.poll(() => inside.filter(isRunning)).toEqual([])
        expect(hostState()).toEqual(before)
      }
    )

    it('lab clean removes what a run killed by SIGKILL left behind', async ({ expect }) => {
      const before = hostState()
      const child = startCli(['lab', 'run', 'accept-queue', '-q'])
      const ended = ending(child)
      let inside: string[] = []
      await expect
        .poll(
          () => {
            inside = processesIn(namespacesOf(child.pid))
            return inside.length
          },
          { timeout: 60_000 }
        )
        .toBeGreaterThanOrEqual(3)
      const left = namespacesOf(child.pid)
      child.kill('SIGKILL')
      await ended
      expect(left.length).toBe(2)

      const { code, stdout } = await runCli(['lab', 'clean', '--json'])
      const cleaned = JSON.parse(stdout) as Cleaned
      expect(code).toBe(0)
      // A lab that starts at this moment cleans up as well.
      expect(left).toEqual(expect.arrayContaining(cleaned.namespaces))
      await expect.poll(() => namespacesOf(child.pid)).toEqual([])
      await expect.poll(() => inside.filter(isRunning)).toEqual([])
      expect(hostState()).toEqual(before)
    })
  })

describe.skipIf(!mayMakeNamespaces || process.env.C1M_LABS !== 'all')(
  'all labs (five minutes, sysctls of the whole host: npm run test:labs)',
  () => {
    it('pass after a run that was killed while it had changed the host', {
      timeout: 600_000
    }, async () => {
      const nothing = /(?!)/g
      const before = hostState(nothing)
      const permitted = ['--allow-host-changes', '-q']
      const victim = startCli(['lab', 'run', 'conntrack-full', ...permitted])
      const ended = ending(victim)
      await expect.poll(() => hostState(nothing).sysctls, { timeout: 60_000 }).not.toBe(before.sysctls)
      victim.kill('SIGKILL')
      await ended
      expect(namespacesOf(victim.pid)).toHaveLength(2)

      const child = startCli(['lab', 'run', '--all', '--json', ...permitted])
      const { code, stdout } = await ending(child)
      const report = JSON.parse(stdout) as LabReport
      expect(report.labs.flatMap(({ name, failures }) => failures.map((text) => `${name}: ${text}`))).toEqual(
        []
      )
      expect({ code, skipped: report.skipped }).toEqual({ code: 0, skipped: [] })
      expect(report.totalSeconds).toBeLessThan(300)
      expect(namespacesOf(victim.pid).concat(namespacesOf(child.pid))).toEqual([])
      expect(hostState(nothing)).toEqual(before)
    })
  }
)
