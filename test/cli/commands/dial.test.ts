import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../lib/dial/snapshot.js'
import type { RunResult } from '../../../lib/result/result.js'
import { stalledServer } from '../../helpers/servers.js'
import { type Ended, ending, runCli, runShell, startCli } from '../run_cli.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-dial-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A server on loopback that counts its connections. */
async function counter() {
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    socket.on('error', () => {}).destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { target: `127.0.0.1:${port}`, accepted: () => accepted, close: () => server.close() }
}

/** An address where nothing listens. */
async function deserted(): Promise<string> {
  const server = await counter()
  await new Promise((resolve) => server.close().once('close', resolve))
  return server.target
}

function lines({ stdout }: Ended): { snapshots: Snapshot[]; result: RunResult } {
  const parsed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { snapshots: parsed.slice(0, -1), result: parsed.at(-1) }
}

describe('dial', () => {
  it('prints a text report by default', async () => {
    const { code, stdout, stderr } = await runCli(['dial', '-c', '3000'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Opened all 3,000 connections to its own listeners in /)
    expect(stdout).not.toContain('\u001b')
  })

  it('prints only the result with --json', async () => {
    const { code, stdout, stderr } = await runCli(['dial', '-c', '3k', '--hold', '100ms', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'c1m-native/result@1',
      scenario: { connections: 3000, holdMs: 100 },
      connections: { requested: 3000, established: 3000, failed: 0 },
      errors: []
    })
  })

  it('prints one snapshot per line and the result last with --ndjson', async () => {
    const ended = await runCli(['dial', '-c', '2k', '--hold', '600ms', '--ndjson'])
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    const { snapshots, result } = lines(ended)
    expect(result).toMatchObject({ schema: 'c1m-native/result@1', connections: { established: 2000 } })
    expect(snapshots.length).toBeGreaterThanOrEqual(3)
    expect(snapshots.filter((snapshot) => 'schema' in snapshot)).toEqual([])
    expect(snapshots.map(({ tSeconds }) => tSeconds)).toEqual(
      snapshots.map(({ tSeconds }) => tSeconds).toSorted((a, b) => a - b)
    )
    expect(snapshots.find(({ phase }) => phase === 'holding')).toMatchObject({ established: 2000, failed: 0 })
  })

  it('writes the same result to the file of --out, next to the report', async () => {
    const path = join(folder, 'result.json')
    const { code, stdout } = await runCli(['dial', '-c', '500', '--out', path])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Opened all 500 connections/)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ connections: { established: 500 } })
    expect(readdirSync(folder)).toEqual(['result.json'])
  })

  it('treats --out - as --json', async () => {
    const { code, stdout } = await runCli(['dial', '-c', '500', '--out', '-'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ connections: { established: 500 } })
  })

  it('opens no connection when the result file cannot be written', async () => {
    const server = await counter()
    const path = join(folder, 'missing', 'result.json')
    expect(await runCli(['dial', server.target, '-c', '10', '--out', path])).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `c1m-native: cannot write to '${path}': no such file or directory. Make the folder first.\n`
    })
    server.close()
    expect(server.accepted()).toBe(0)
  })

  it.each([
    ['a condition', ['--fail-if', 'speed>1'], /^c1m-native: --fail-if 'speed>1' names 'speed', [^\n]+\n$/],
    ['a ramp', ['--ramp', '0:fast'], /^c1m-native: [^\n]+\n$/],
    ['a target', ['127.0.0.1'], /^c1m-native: [^\n]*'127\.0\.0\.1'[^\n]+\n$/],
    ['a foreign target', ['192.0.2.1:80'], /^c1m-native: [^\n]*192\.0\.2\.1[^\n]+--authorized[^\n]+\n$/],
    ['a source', ['--source', 'nosuch0'], /^c1m-native: [^\n]*nosuch0[^\n]+\n$/],
    ['a shard', ['--shard', '3/2'], /^c1m-native: [^\n]*3\/2[^\n]+\n$/]
  ])('refuses %s in one line', async (_, args, line) => {
    const { code, stdout, stderr } = await runCli(['dial', '-c', '10', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(line)
  })

  it('leaves no file behind when the run is refused', async () => {
    const path = join(folder, 'result.json')
    expect((await runCli(['dial', '127.0.0.1', '--out', path])).code).toBe(2)
    expect(readdirSync(folder)).toEqual([])
  })

  it('exits with 4 when the target refuses, and names the cause', async () => {
    const ended = await runCli(['dial', await deserted(), '-c', '100', '--json'])
    expect(ended).toMatchObject({ code: 4, stderr: '' })
    expect(JSON.parse(ended.stdout)).toMatchObject({
      connections: { requested: 100, established: 0, failed: 100 },
      errors: [{ phase: 'connect', code: 'ECONNREFUSED', count: 100 }]
    })
  })

  it('exits with 5 when --duration ends the ramp', async () => {
    const ended = await runCli(['dial', '-c', '10k', '-r', '100/s', '--duration', '300ms', '--json'])
    expect(ended).toMatchObject({ code: 5, stderr: '' })
    const { connections } = JSON.parse(ended.stdout) as RunResult
    expect(connections.established).toBeLessThan(1000)
  })

  it('exits with 5 when a --fail-if condition holds, and names it', async () => {
    const args = ['dial', '-c', '100', '--json', '--fail-if', 'failed>0', '--fail-if', 'established>99']
    const ended = await runCli(args)
    expect(ended.code).toBe(5)
    expect(ended.stderr).toBe(
      'c1m-native: --fail-if: connections.established is 100, so established>99 holds.\n'
    )
    expect(JSON.parse(ended.stdout)).toMatchObject({ connections: { established: 100 } })
  })

  it('exits with 0 when no --fail-if condition holds', async () => {
    expect(
      await runCli(['dial', '-c', '100', '--fail-if', 'failed>0', '--fail-if', 'dialSeconds>10m'])
    ).toMatchObject({
      code: 0,
      stderr: ''
    })
  })
})

describe('dial, when interrupted,', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('gives the whole result after %s in the ramp', async (signal) => {
    const path = join(folder, 'result.json')
    const child = startCli(['dial', '-c', '1m', '-r', '1k/s', '--ndjson', '--out', path])
    const ended = ending(child)
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if ((JSON.parse(line) as Snapshot).established > 0) break
    }
    child.kill(signal)
    expect(await ended).toMatchObject({ code: 130, signal: null, stderr: '' })
    const result = JSON.parse(readFileSync(path, 'utf8')) as RunResult
    expect(result).toMatchObject({
      schema: 'c1m-native/result@1',
      connections: { requested: 1_000_000, failed: 0 }
    })
    expect(result.connections.established).toBeGreaterThan(0)
    expect(result.connections.established).toBeLessThan(1_000_000)
    expect(readdirSync(folder)).toEqual(['result.json'])
  })

  it('ends at once on a second signal, without a result or a file', async () => {
    const path = join(folder, 'result.json')
    const child = startCli(['dial', '-c', '1m', '-r', '1k/s', '--ndjson', '--out', path])
    const ended = ending(child)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    // It is stopped in between, so that it receives both signals at once, however busy this machine is.
    for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) child.kill(signal)
    const { code, stdout, stderr } = await ended
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    expect(stdout).not.toContain('schema')
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('dial, when its reader leaves,', () => {
  it('ends quietly with the measured exit code for --json | head', async () => {
    expect(await runShell('$C1M dial -c 500 --json | head -1')).toEqual({
      code: 0,
      signal: null,
      stdout: '{\n',
      stderr: ''
    })
    expect((await runShell(`$C1M dial ${await deserted()} -c 10 | head -c1`)).code).toBe(4)
  })

  it('stops the run for --ndjson | head, because nobody would read the rest', async () => {
    const { code, stdout, stderr } = await runShell('$C1M dial -c 1000 --hold 10m --ndjson | head -1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ phase: expect.any(String) })
  })

  it('continues the run for --ndjson --out FILE | head, because of the file', async () => {
    const path = join(folder, 'result.json')
    const { code } = await runShell(`$C1M dial -c 500 --hold 1500ms --ndjson --out ${path} | head -1`)
    expect(code).toBe(0)
    const { timing } = JSON.parse(readFileSync(path, 'utf8')) as RunResult
    // A timer may be early by a millisecond; a run that stopped at the first write into the closed pipe would take 0.3 s.
    expect(timing.holdSeconds).toBeGreaterThan(1.49)
  })
})

describe('dial on a terminal', () => {
  /** Runs it with a pseudo-terminal for stdin, stdout and stderr. */
  const onTerminal = (args: string, env = '') =>
    runShell(`script -qec "env TERM=xterm ${env} $C1M dial -c 1000 --hold 400ms ${args}" /dev/null`)

  it('redraws one progress line and clears it before the report', async () => {
    const { code, stdout } = await onTerminal('')
    expect(code).toBe(0)
    expect(stdout).toContain('\r\u001b[2Kholding 1k of 1k, 0s of 400ms')
    expect(stdout).toContain('\r\u001b[2K\u001b[1m\u001b[32mOpened all 1,000 connections')
    expect(stdout).not.toContain('done')
  })

  it('prints a line above the progress for each cause during the run', async () => {
    const { code, stdout } = await onTerminal(`-r 500 ${await deserted()}`)
    expect(code).toBe(4)
    // The lines of the report are colored.
    const named = stdout.split('\r\u001b[2Kcritical: ')
    expect(named).toHaveLength(2)
    expect(named[1]).toMatch(
      /^the target refused \d+ connections: nobody listens there\r\n {2}\(connection-refused\)\r\n/
    )
  })

  it('says when nothing answers, how long the ramp takes then, and what a million would take', async () => {
    await using server = await stalledServer('127.0.0.1', 1)
    const { stdout } = await onTerminal(`${server.target} --duration 3s`)
    // Two connections fit the queue of the server.
    expect(stdout).toMatch(/dialing 2 of 1k, .*no answer for \d+s, \ds left, 1m(: | would take )1h 21m/)
  })

  it('shows no progress with -q', async () => {
    expect((await onTerminal('-q')).stdout).not.toContain('\u001b[2K')
  })

  it.each([
    ['--no-color', ''],
    ['', 'NO_COLOR=yes']
  ])('prints no color with %s %s', async (args, env) => {
    const { stdout } = await onTerminal(args, env)
    expect(stdout).toContain('\u001b[2KOpened all 1,000 connections')
    expect(stdout).not.toContain('\u001b[1m')
  })

  it('prints no progress between the lines of --ndjson', async () => {
    const { stdout } = await onTerminal('--ndjson')
    expect(stdout).not.toContain('\u001b')
  })
})
