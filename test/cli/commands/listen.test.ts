import type { ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { spec } from '../../../lib/cli/options/listen.js'
import type { ListenResult, ListenSnapshot } from '../../../lib/listen/listen.js'
import { type Ended, ending, runCli, runShell, startCli } from '../run_cli.js'

/** Starts `listen --ndjson ARGS` and waits until it listens. */
async function listening(args: readonly string[]) {
  const child = startCli(['listen', '--ndjson', ...args])
  const ended = ending(child)
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  const { targets } = JSON.parse(line) as { targets: string[] }
  return { child, ended, targets, target: targets[0] ?? '' }
}

/** Resolves with the first snapshot from now on that `holds`. */
async function snapshotOf(child: ChildProcess, holds: (snapshot: ListenSnapshot) => boolean): Promise<void> {
  for await (const [line] of on(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) {
    if (holds(JSON.parse(line))) return
  }
}

function lastLine({ stdout }: Ended): ListenResult {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

describe('listen', () => {
  it('accepts what dial opens, and reports it when it is stopped', async () => {
    const server = await listening([])
    expect(server.targets).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)])
    const dialed = await runCli(['dial', server.target, '-c', '2k', '--json'])
    expect(dialed).toMatchObject({ code: 0, stderr: '' })
    await snapshotOf(server.child, ({ closedByPeer }) => closedByPeer === 2000)
    server.child.kill('SIGTERM')
    const ended = await server.ended
    expect(ended).toMatchObject({ code: 130, stderr: `listening on ${server.target}\n` })
    expect(lastLine(ended)).toMatchObject({
      schema: 'c1m-native/listen-result@1',
      accepted: 2000,
      closedByPeer: 2000,
      errors: []
    })
  })

  it('listens for its duration when nobody reads its snapshots', async () => {
    const { code, stdout } = await runCli(['listen', '--duration', '400ms', '--quiet', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).totalSeconds).toBeGreaterThan(0.39)
  })

  it('prints snapshots between the addresses and the result', async () => {
    const { code, stdout } = await runCli(['listen', '--ndjson', '--duration', '600ms'])
    expect(code).toBe(0)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines[0]).toEqual({ targets: [expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/)] })
    const snapshots = lines.slice(1, -1) as ListenSnapshot[]
    expect(snapshots.length).toBeGreaterThanOrEqual(2)
    for (const snapshot of snapshots) expect(snapshot).toMatchObject({ accepted: 0, open: 0, failed: 0 })
    expect(lines.at(-1)).toMatchObject({ schema: 'c1m-native/listen-result@1' })
  })

  it('listens on a range of ports', async () => {
    const { stderr } = await runCli(['listen', '127.83.0.1:28100-28103', '--duration', '10ms'])
    expect(stderr).toBe('listening on 127.83.0.1:28100-28103\n')
  })

  it('sends data back with --mode echo', async () => {
    const server = await listening(['--mode', 'echo'])
    const socket = connect(Number(server.target.split(':')[1]), '127.0.0.1')
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('hello')
    socket.end()
    server.child.kill('SIGINT')
    const ended = await server.ended
    expect(ended.code).toBe(130)
    expect(lastLine(ended)).toMatchObject({ accepted: 1, bytesReceived: 5, bytesSent: 5 })
  })

  it('prints only the result with --json', async () => {
    const { code, stdout } = await runCli(['listen', '--duration', '50ms', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 0, peak: 0 })
  })

  it('prints a text report by default', async () => {
    const { code, stdout, stderr } = await runCli(['listen', '--duration', '50ms', '-q'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.replace(/in .*s \(/, 'in TIME (')).toMatchInlineSnapshot(`
      "accepted        0 in TIME (0/s)
      peak            0 open at once
      closed by peer  0
      bytes           0B received, 0B sent
      "
    `)
  })

  it('exits with 3 and a remedy when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const { code, stdout, stderr } = await runCli(['listen', `127.0.0.1:${port}`])
    taken.close()
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(
      /^c1m-native: cannot listen on 127[^\n]*EADDRINUSE[^\n]* Choose another port[^\n]+\n$/
    )
  })

  it('ends when the reader of its snapshots leaves', async () => {
    const { code, stdout, stderr } = await runShell('$C1M listen -q --ndjson | head -1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ targets: [expect.any(String)] })
  })
})

describe('every exit code is documented:', () => {
  const documented = spec.exitCodes.map(({ code }) => code)

  it.each([
    [2, ['127.0.0.1']],
    [2, ['127.0.0.1:0', '--out', '/nonexistent/result.json']],
    [4, ['nobody.invalid:8100']]
  ])('the command exits with %i for %j', async (code, args) => {
    expect(await runCli(['listen', '-q', ...args])).toMatchObject({ code, stdout: '' })
    expect(documented).toContain(code)
  })

  it('the command exits with 2 when stdout cannot be written', async () => {
    const { code, stderr } = await runShell('$C1M listen -q --duration 1ms >/dev/full')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'c1m-native: cannot write to stdout: no space left on device. Make room, or choose another place.\n'
    })
  })

  it('the command exits with 3 when a port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await runCli(['listen', '-q', `127.0.0.1:${port}`])).toMatchObject({ code: 3, stdout: '' })
    server.close()
  })

  it('help, manual page and docs list them all', () => {
    expect(documented).toEqual([0, 1, 2, 3, 4, 130])
  })
})
