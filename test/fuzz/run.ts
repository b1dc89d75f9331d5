/** Runs random cases in a network namespace without a route, several at a time, and returns those that failed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import type { Told } from './child.js'

/** In a user namespace, so that root is not needed; only loopback is up. */
const isolated = ['unshare', '-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

/** A case that takes longer counts as hanging; the slowest one seen took a tenth of this time. */
const hangMs = 30_000

/** Whether such a namespace can be made here. */
export function mayIsolate(): boolean {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`
  const [command = '', ...args] = [...isolated, 'true']
  return spawnSync(command, args, { env: { ...process.env, PATH: path } }).status === 0
}

/** A failed case. */
export interface Mishap {
  seed: number
  /** The call or the command line. */
  what: string
  problem: string
}

/**
 * Runs `count` cases from `seed` on, `jobs` at a time; each follows from its own seed alone.
 * @param jobs processes that run cases at once
 */
export async function fuzz(
  seed: number,
  count: number,
  jobs: number
): Promise<{ cases: number; mishaps: Mishap[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-fuzz-'))
  try {
    const child = await bundled(folder)
    const share = Math.ceil(count / jobs)
    const parts = await Promise.all(
      Array.from({ length: jobs }, (_, job) => {
        const first = seed + job * share
        return runPart(child, folder, first, Math.min(seed + count, first + share))
      })
    )
    return {
      cases: parts.reduce((sum, part) => sum + part.cases, 0),
      mishaps: parts.flatMap(({ mishaps }) => mishaps)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function bundled(folder: string): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('child.ts', import.meta.url)),
    platform: 'node',
    external: /^node:/,
    logLevel: 'silent',
    transform: { target: 'node20' }
  })
  await build.write({ dir: folder, format: 'esm', entryFileNames: 'child.mjs' })
  await build.close()
  return join(folder, 'child.mjs')
}

/** After a crash or a hang the next process continues with the following case. */
async function runPart(
  child: string,
  folder: string,
  first: number,
  end: number
): Promise<{ cases: number; mishaps: Mishap[] }> {
  const mishaps: Mishap[] = []
  let cases = 0
  for (let next = first; next < end; ) {
    const started = start(child, folder, next, end - next)
    const ended = once(started, 'close')
    let what = 'nothing: it did not begin'
    let stderr = ''
    started.stderr?.setEncoding('utf8').on('data', (data) => {
      stderr = (stderr + data).slice(-4000)
    })
    let hangs = false
    const hung = () => {
      hangs = true
      started.kill('SIGKILL')
    }
    let timer = setTimeout(hung, hangMs)
    for await (const line of createInterface({ input: started.stdout as NodeJS.ReadableStream })) {
      clearTimeout(timer)
      timer = setTimeout(hung, hangMs)
      const { seed, begins, problem } = JSON.parse(line) as Told
      if (begins !== undefined) {
        what = begins
        continue
      }
      if (problem) mishaps.push({ seed, what, problem })
      next = seed + 1
      cases++
    }
    clearTimeout(timer)
    const [code, signal] = await ended
    if (next >= end && code === 0) break
    mishaps.push({
      seed: next,
      what,
      problem: hangs ? 'hangs' : `ended the process: ${signal ?? code} ${stderr}`
    })
    next++
  }
  return { cases, mishaps }
}

function start(child: string, folder: string, first: number, count: number): ChildProcess {
  const dist = (path: string) => new URL(`../../dist/${path}`, import.meta.url)
  const [command = '', ...args] = [
    ...isolated,
    ...[
      process.execPath,
      child,
      dist('index.js').href,
      dist('cli/program.cjs').href,
      fileURLToPath(dist('cli/bin.cjs'))
    ],
    ...[`${first}`, `${count}`]
  ]
  const { C1M_DEBUG, ...env } = process.env
  return spawn(command, args, {
    env: {
      ...env,
      NO_COLOR: '1',
      PATH: `${env.PATH}:/usr/sbin:/sbin`,
      C1M_FUZZ_FOLDER: folder,
      TMPDIR: folder
    },
    stdio: ['ignore', 'pipe', 'pipe']
  })
}
