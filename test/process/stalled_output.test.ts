/** No result is lost when the reader of stdout stalls, leaves, or never existed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunResult } from '../../lib/result/result.js'
import { ending, runShell, startCli } from '../cli/run_cli.js'
import { eventually } from '../helpers/eventually.js'
import { ownAddress } from '../helpers/loopback.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'c1m-stalled-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function resultIn(path: string): RunResult {
  return JSON.parse(readFileSync(path, 'utf8'))
}

describe('the file of --out', () => {
  it.each(['--json', '--ndjson', '--no-color'])(
    'is written even if nobody reads the output of %s',
    async (format) => {
      const out = join(folder, 'result.json')
      // A pipe holds 64 KiB (pipe(7)): it is full before the run begins.
      const script = `{ head -c 65536 /dev/zero; exec $C1M dial -c 50 -s ${ownAddress()} ${format} -q --out ${out}; } |
      { until [ -s ${out} ]; do read -t 0.05 <> <(:); done; }`
      await runShell(script)
      expect(resultIn(out).connections).toMatchObject({ established: 50 })
      expect(readdirSync(folder)).toEqual(['result.json'])
    }
  )

  it('is written when stdout cannot be written, and the run ends as planned', async () => {
    const out = join(folder, 'result.json')
    const { code, stderr } = await runShell(
      `$C1M dial -c 50 -s ${ownAddress()} --json --out ${out} > /dev/full`
    )
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'c1m-native: cannot write to stdout: no space left on device. Make room, or choose another place.\n'
    })
    expect(resultIn(out).connections).toMatchObject({ established: 50 })
  })

  it('is written by a run whose snapshot stream breaks', async () => {
    const out = join(folder, 'result.json')
    const { code } = await runShell(
      `$C1M dial -c 50 -s ${ownAddress()} --hold 10m --ndjson --out ${out} > /dev/full`
    )
    expect(code).toBe(2)
    expect(resultIn(out).connections).toMatchObject({ established: 50 })
  })

  it('leaves no temporary file, even if the run is killed', async () => {
    const out = join(folder, 'result.json')
    const child = startCli([
      'dial',
      '-c',
      '10',
      '--hold',
      '10m',
      '-s',
      ownAddress(),
      '--ndjson',
      '--out',
      out
    ])
    const ended = ending(child)
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    child.kill('SIGKILL')
    await ended
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a second signal', () => {
  it('ends a run whose result nobody reads', async () => {
    const out = join(folder, 'result.json')
    const script = `{ head -c 65536 /dev/zero
      $C1M dial -c 10 --hold 10m -s ${ownAddress()} --json -q --out ${out} & echo $! > ${folder}/pid; wait $!
      echo $? > ${folder}/code; } | { until [ -s ${folder}/code ]; do read -t 0.05 <> <(:); done; }`
    const ended = runShell(script)
    const pid = () => Number(readFileSync(join(folder, 'pid'), 'utf8'))
    await eventually(() => readdirSync(folder).includes('pid') && pid() > 0 && threads(pid()) > 12)
    process.kill(pid(), 'SIGTERM')
    await eventually(() => readdirSync(folder).includes('result.json'))
    process.kill(pid(), 'SIGINT')
    await ended
    expect(readFileSync(join(folder, 'code'), 'utf8')).toBe('130\n')
  })
})

/** The engine's threads come on top of the eleven of Node. */
function threads(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length
}
