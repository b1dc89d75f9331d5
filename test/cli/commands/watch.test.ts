import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { WatchResult, WatchSnapshot } from '../../../lib/watch/watch_result.js'
import { jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { ending, runCli, runShell, startCli } from '../run_cli.js'

const isRoot = process.getuid?.() === 0

describe.skipIf(!mayMakeNamespaces)(
  'watch beside a server in a network namespace (skipped without root)',
  () => {
    it('names an accept queue while it overflows, with its listener and process', async () => {
      using host = await Namespace.create()
      const server = host.start('listen', '127.0.0.1:8100', '--workers', '1', '--backlog', '5', '--ndjson')
      await jsonLines(server).next()
      // A stopped server accepts nothing: six connections fit into its queue.
      server.kill('SIGSTOP')
      const watching = host.start('watch', '127.0.0.1:8100', '--every', '100ms', '--ndjson')
      const lines = jsonLines(watching)
      await lines.next()
      const dialing = host.cli('dial', '127.0.0.1:8100', '-c', '30', '--connect-timeout', '2500ms', '--json')
      let seen: WatchSnapshot | undefined
      for await (const line of lines) {
        seen = line as unknown as WatchSnapshot
        if (seen.findings.length > 0) break
      }
      expect(seen?.findings.map(({ id }) => id)).toEqual(['accept-queue-overflow'])
      expect(seen?.listeners).toMatchObject([
        { address: '127.0.0.1:8100', queued: 6, backlog: 5, process: { pid: server.pid } }
      ])
      expect(seen?.counters['TcpExt.ListenOverflows']?.delta).toBeGreaterThan(0)
      await dialing
      watching.kill('SIGINT')
      const [code] = await once(watching, 'exit')
      expect(code).toBe(130)
      server.kill('SIGKILL')
    })

    it('names nothing beside a healthy server, and exits with 0 after its duration', async () => {
      using host = await Namespace.create()
      const server = host.start('listen', '127.0.0.1:8100-8103', '--ndjson')
      await jsonLines(server).next()
      const watching = host.start('watch', '127.0.0.1:8100-8103', '--duration', '3s', '--ndjson')
      const lines = jsonLines(watching)
      await lines.next()
      const dialed = await host.cli('dial', '127.0.0.1:8100-8103', '-c', '2k', '--hold', '1s', '--json')
      expect(JSON.parse(dialed.stdout).findings).toEqual([])
      const ended = once(watching, 'close')
      let result: Partial<WatchResult> = {}
      for await (const line of lines) result = line
      expect(await ended).toEqual([0, null])
      expect(result).toMatchObject({
        schema: 'c1m-native/watch-result@1',
        watched: ['127.0.0.1:8100-8103'],
        findings: [],
        unavailable: []
      })
      expect(result.counters?.['Tcp.PassiveOpens']?.delta).toBe(2000)
      expect(result.listeners?.map(({ address }) => address)).toContain('127.0.0.1:8103')
      server.kill('SIGKILL')
    })

    it('shows with --drops what a firewall drops, and at which hook', async ({ skip }) => {
      using host = await Namespace.create()
      try {
        host.run('nft', 'add table inet t')
      } catch {
        skip('needs nft')
      }
      host.run('nft', 'add chain inet t in { type filter hook input priority 0; }')
      host.run('nft', 'add rule inet t in tcp dport 8100 drop')
      const watching = host.start('watch', '--port', '8100', '--drops', '--every', '100ms', '--ndjson')
      const lines = jsonLines(watching)
      await lines.next()
      const dialed = host.cli('dial', '127.0.0.1:8100', '-c', '5', '--connect-timeout', '500ms', '--json')
      let drops: WatchSnapshot['drops'] = null
      for await (const line of lines) {
        drops = (line as unknown as WatchSnapshot).drops
        if ((drops?.packets ?? 0) >= 5) break
      }
      expect(drops).toMatchObject({ scope: 'ends', sites: [{ reason: 'NETFILTER_DROP', packets: 5 }] })
      expect(drops?.sites[0]?.chain.slice(0, 4).join(' ')).toMatch(/nf_hook_slow/)
      await dialed
      watching.kill('SIGKILL')
    })
  }
)

describe('watch', () => {
  it('prints a text report by default', async () => {
    const server = createServer().listen(0, '127.0.0.1', 100)
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { code, stdout, stderr } = await runCli([
      'watch',
      `127.0.0.1:${port}`,
      '--duration',
      '300ms',
      '--every',
      '100ms'
    ])
    server.close()
    expect(code).toBe(0)
    expect(stderr).toMatch(/^(\d+s, [^\n]*accepted[^\n]*\n)+/)
    expect(stdout).toMatch(new RegExp(`^Watched 127\\.0\\.0\\.1:${port} for \\d`))
    expect(stdout).toMatch(/^sockets {4}none$/m)
    expect(stdout).toMatch(/^queues {5}127\.0\.0\.1:\d+ {2}0 of 100 waiting at most$/m)
  })

  it('redraws one page on a terminal, and clears it before the report', async () => {
    const { code, stdout } = await runShell(
      `script -qec "env TERM=xterm $C1M watch --port 9 --duration 300ms --every 100ms" /dev/null`
    )
    expect(code).toBe(0)
    const [pages = '', report] = stdout.split('Watched')
    expect(pages).toContain('watching *:9')
    // The cursor returns to the first line, and everything below is erased.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a terminal is told
    expect(pages).toMatch(/\u001b\[\d+A\r\u001b\[0J[^\n]*$/)
    expect(report).toMatch(/^ \*:9 for/)
  })

  it('is silent with -q, and prints one snapshot per line before the result with --ndjson', async () => {
    const { code, stdout, stderr } = await runCli([
      'watch',
      '--port',
      '9',
      '-q',
      '--ndjson',
      '--every',
      '50ms',
      '--duration',
      '200ms'
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.length).toBeGreaterThanOrEqual(3)
    for (const line of lines.slice(0, -1))
      expect(line).toMatchObject({ tSeconds: expect.any(Number), drops: null })
    expect(lines.at(-1)).toMatchObject({ schema: 'c1m-native/watch-result@1' })
  })

  it('exits with 130 when it is interrupted, after its report', async () => {
    const child = startCli(['watch', '--port', '9', '--ndjson'])
    const ended = ending(child)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    child.kill('SIGINT')
    const { code, stdout } = await ended
    expect(code).toBe(130)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ watched: ['*:9'] })
  })

  it('continues without privileges, and says what it cannot see', async () => {
    const unprivileged = isRoot ? 'setpriv --reuid=65534 --regid=65534 --clear-groups' : ''
    const { code, stdout, stderr } = await runShell(
      `exec ${unprivileged} $C1M watch --port 9 --drops --json --duration 100ms`
    )
    expect(code).toBe(0)
    expect(stderr.split('\n')[0]).toMatch(/^c1m-native: the kernel reports its drop reasons only to root/)
    expect(stderr.match(/only to root/g)).toHaveLength(1)
    const result = JSON.parse(stdout) as WatchResult
    expect(result.drops).toBeNull()
    expect(result.sockets).not.toBeNull()
    expect(result.unavailable).toEqual([
      expect.stringMatching(/^the kernel reports its drop reasons only to root \(\w+ E\w+\)\. Run as root/)
    ])
  })

  it.skipIf(!isRoot)(
    'counts the drops of the whole host without a BPF program (skipped without root)',
    async () => {
      // With CAP_PERFMON alone the tracepoint is read without a BPF program; its format file is in a mount of this shell.
      const { code, stdout } = await runShell(
        `exec unshare -m --propagation private sh -c '(mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing) &&
        exec setpriv --bounding-set=-sys_admin,-bpf $C1M watch --port 9 --drops -q --json --duration 100ms'`
      )
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ drops: { scope: 'host' }, unavailable: [] })
    }
  )

  it.each([
    ['--port', 'none'],
    ['--port', '90-80'],
    ['--every', '0ms'],
    ['127.0.0.1'],
    ['127.0.0.1:0'],
    ['--json', '--ndjson']
  ])('refuses %s %s with exit code 2', async (...args) => {
    const { code, stdout, stderr } = await runCli(['watch', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^c1m-native: [^\n]+\n$/)
  })
})
