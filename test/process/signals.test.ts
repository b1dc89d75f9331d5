/** Signals end the command line, whatever it is doing. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import { ending, startCli } from '../cli/run_cli.js'
import { eventually } from '../helpers/eventually.js'
import { ownAddress } from '../helpers/loopback.js'
import { main } from '../helpers/namespace.js'

let folder: string
let fifo: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-signals-'))
  fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Whether the process has the FIFO open. */
function waitsAtFifo(pid: number): boolean {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(join(folder, name)) === fifo
    } catch {
      // It was closed in the meantime.
      return false
    }
  })
}

describe('a signal while the command waits for a FIFO', () => {
  it.each([
    ['SIGINT', ['dial', '--send', '@FIFO']],
    ['SIGTERM', ['dial', '--send', 'a', '--expect', '@FIFO']],
    ['SIGHUP', ['dial', '--send', '@FIFO']],
    ['SIGTERM', ['plan', '--send', '@FIFO']],
    ['SIGINT', ['plan', '--facts', 'FIFO']],
    ['SIGTERM', ['plan', '--server-facts', 'FIFO']],
    ['SIGTERM', ['bench', 'compare', 'FIFO', 'FIFO']],
    ['SIGINT', ['bench', 'plot', 'FIFO', '/nonexistent']]
  ] as const)('%s ends %j', async (signal, args) => {
    const child = startCli(args.map((argument) => argument.replace('FIFO', fifo)))
    await eventually(() => waitsAtFifo(child.pid as number))
    child.kill(signal)
    expect(await ending(child)).toMatchObject({ code: 130, signal: null, stdout: '' })
  })

  it('ends a dial whose result waits for the reader of --out', async () => {
    const source = ownAddress()
    const child = startCli(['dial', '-c', '10', '-s', source, '--out', fifo])
    const ended = ending(child)
    // The report is on stdout, so all connections are closed.
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 130, signal: null })
  })
})

describe('a run that a signal has ended', () => {
  it.each(['listen', 'watch'])('does not wait for the reader of %s --out', async (command) => {
    const child = startCli([command, '--out', fifo, ...(command === 'listen' ? ['127.0.0.1:0'] : [])])
    const ended = ending(child)
    await new Promise((resolve) => child.stderr?.once('data', resolve))
    child.kill('SIGTERM')
    const { code, stderr } = await ended
    expect(code).toBe(2)
    const [, kept = ''] = /no such device or address; the result is in '(.*)' instead/.exec(stderr) ?? []
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toMatchObject({ version: expect.any(String) })
    rmSync(dirname(kept), { recursive: true })
  })
})

/** Starts a dial by a shell line in which `$C1M` is the command line; resolves when it holds. */
async function holding(script: string) {
  const child = spawn('bash', ['-c', script], {
    env: {
      ...process.env,
      C1M: `${process.execPath} ${main} dial -c 10 --hold 10m --ndjson -q -s ${ownAddress()}`
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const lines: string[] = []
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const read = createInterface({ input: child.stdout })
  await new Promise<void>((resolve) => {
    read.on('line', (line) => {
      lines.push(line)
      if ((JSON.parse(line) as Snapshot).phase === 'holding') resolve()
    })
  })
  return {
    pid: child.pid as number,
    lines,
    /** The result, once it has ended. */
    end: async () => {
      const code = await ended
      const result = JSON.parse(lines.at(-1) ?? '') as RunResult
      return { code, established: result.connections.established, schema: result.schema }
    }
  }
}

describe('SIGHUP', () => {
  it('ends a run as SIGTERM does', async () => {
    const run = await holding('exec $C1M')
    process.kill(run.pid, 'SIGHUP')
    expect(await run.end()).toEqual({ code: 130, established: 10, schema: 'c1m-native/result@1' })
  })

  it.each([
    ['nohup', 'nohup $C1M & wait $!'],
    ['a shell that ignores it', 'trap "" HUP; $C1M & wait $!']
  ])('is ignored by a run that %s started to outlive its terminal', async (_, script) => {
    const run = await holding(script)
    const pid = childOf(run.pid)
    process.kill(pid, 'SIGHUP')
    const seen = run.lines.length
    // It continues: more snapshots arrive than were in the pipe.
    await eventually(() => run.lines.length > seen + 2)
    process.kill(pid, 'SIGTERM')
    expect(await run.end()).toMatchObject({ code: 130, established: 10 })
  })
})

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
}
