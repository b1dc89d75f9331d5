/** Processes that change sysctls are killed at any moment; the next clean-up restores the host. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemPlaces } from '../../../../lib/doctor/places.js'
import { saveJournal } from '../../../../lib/host/sysctl/journal.js'
import { restoreAbandoned } from '../../../../lib/labs/sandbox/host_sysctls.js'
import { bundled } from '../../../helpers/bundled.js'
import { mayChangeHost, whyNot } from '../../../helpers/host_changes.js'
import { mayMakeNamespaces, Namespace } from '../../../helpers/namespace.js'
import type { Task } from '../../../helpers/sysctl_changer.js'
import { temporaryFolder } from '../../../helpers/temporary.js'
import { FakeHost } from '../../doctor/fake_host.js'

const [max, buckets] = ['net.netfilter.nf_conntrack_max', 'net.netfilter.nf_conntrack_buckets']
const values = { [max]: '1000', [buckets]: '512' }
const kills = 20

const folder = temporaryFolder()
let changer = ''
beforeAll(async () => {
  changer = await bundled('test/helpers/sysctl_changer.ts', folder.path)
})
afterAll(() => folder[Symbol.dispose]())

/** Numbers from 0 to 1, the same in each run: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Processes of the fake host are those of the real one. */
function show(host: FakeHost, { pid }: ChildProcess): void {
  symlinkSync(`/proc/${pid}`, join(host.places.procRoot, `${pid}`))
}

const start = (task: Task) =>
  spawn(process.execPath, [changer, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] })

/** Its error output until its end, killed or not. */
async function complaints(child: ChildProcess): Promise<string> {
  const [complaint] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
  return complaint
}

/**
 * Kills two processes at once, `kills` times, the second one a moment after the first: it may be putting back what that
 * one has left, which takes `secondMs` at most. Gives what anybody complained of.
 */
async function killPairs(
  begin: () => ChildProcess[],
  check: () => Promise<void> | void,
  secondMs = 15
): Promise<string> {
  const random = seeded(10)
  const told: string[] = []
  for (let round = 0; round < kills; round++) {
    const pair = begin().map((child) => ({ child, ended: complaints(child) }))
    await Promise.all(pair.map(({ child }) => once(child.stdout as Readable, 'data')))
    for (const [nth, { child, ended }] of pair.entries()) {
      // The moment of the crash.
      await sleep(random() * (nth === 0 ? 15 : secondMs))
      child.kill('SIGKILL')
      told.push(await ended)
    }
    await check()
  }
  return told.join('')
}

const filesIn = (path: string) => (existsSync(path) ? readdirSync(path) : [])

describe('labs that are killed leave no sysctl changed', () => {
  const labTask = (host: FakeHost): Task => ({ role: 'lab', places: host.places, values, loops: true })
  const restore = (host: FakeHost) =>
    restoreAbandoned({ ...host.places, stateFolder: host.places.labStateFolder })

  it(`when two run at once and are killed at ${kills} random moments`, { timeout: 60_000 }, async () => {
    const host = new FakeHost()
    const before = host.values()
    const told = await killPairs(
      () =>
        [1, 2].map((times) => {
          const child = start({
            ...labTask(host),
            values: { [max]: `${times}000`, [buckets]: `${times}512` }
          })
          show(host, child)
          return child
        }),
      () => {
        restore(host)
        expect(host.values()).toEqual(before)
        expect(filesIn(host.places.labStateFolder)).toEqual([])
      },
      // A lab checks every 100 ms whether it may begin.
      150
    )
    expect(told).toBe('')
  })

  /** Runs the process repeatedly, killed before each of its calls in turn, until it completes. */
  async function killedEverywhere(
    host: FakeHost,
    task: Task,
    prepare: () => void,
    check: () => void
  ): Promise<number> {
    for (let call = 1; ; call++) {
      prepare()
      const child = start({ ...task, loops: false, killBefore: call })
      show(host, child)
      const [code, signal] = await once(child, 'close')
      check()
      if (signal === 'SIGKILL') continue
      expect(code).toBe(0)
      return call
    }
  }

  it('when they are killed before each system call of a change and its restoration', {
    timeout: 60_000
  }, async () => {
    const host = new FakeHost()
    const before = host.values()
    const calls = await killedEverywhere(
      host,
      labTask(host),
      () => {},
      () => {
        restore(host)
        expect(host.values()).toEqual(before)
        expect(filesIn(host.places.labStateFolder)).toEqual([])
      }
    )
    expect(calls).toBeGreaterThan(8)
  })

  it('when they are killed before each system call of a clean-up', { timeout: 60_000 }, async () => {
    const host = new FakeHost()
    const before = host.values()
    const path = host.labPlace.path
    const calls = await killedEverywhere(
      host,
      { ...labTask(host), role: 'clean' },
      () => {
        // Two processes were killed before: one held the lock, the other was taking it over.
        const changes = Object.entries(before).map(([name, was]) => ({ name, before: was, ours: [] }))
        mkdirSync(host.places.labStateFolder, { recursive: true })
        saveJournal(changes, host.labPlace, { pid: 4194305, startTicks: 1 })
        for (const [name, value] of Object.entries(values)) host.set(name, value)
        symlinkSync('4194305-1', `${path}.lock`)
        symlinkSync('4194306-1', `${path}.lock.4194305-1`)
      },
      () => {
        restore(host)
        expect(host.values()).toEqual(before)
        expect(filesIn(host.places.labStateFolder)).toEqual([])
      }
    )
    expect(calls).toBeGreaterThan(8)
  })
})

describe.skipIf(!mayMakeNamespaces)(
  'doctors that are killed leave no sysctl changed (in a namespace: needs root)',
  () => {
    it(`when two run at once and are killed at ${kills} random moments`, { timeout: 60_000 }, async () => {
      using state = temporaryFolder()
      using namespace = await Namespace.create()
      namespace.run('sh', '-c', 'echo 128 > /proc/sys/net/core/somaxconn')
      const places = {
        ...systemPlaces(),
        stateFolder: join(state.path, 'state'),
        labStateFolder: join(state.path, 'run')
      }
      const task: Task = { role: 'doctor', places, values: { 'net.core.somaxconn': '65535' }, loops: true }
      const told = await killPairs(
        () => [1, 2].map(() => namespace.spawn(process.execPath, changer, JSON.stringify(task))),
        () => {
          const said = namespace.run(
            process.execPath,
            changer,
            JSON.stringify({ ...task, role: 'revert', loops: false })
          )
          expect(said).toBe('begins\nnet.core.somaxconn=128\n')
          expect(filesIn(places.stateFolder).filter((name) => name !== 'sysctl-journal.json')).toEqual([])
        }
      )
      expect(told).toBe('')
    })
  }
)

describe.skipIf(!mayChangeHost)(
  `a doctor and a lab on the host itself that are killed leave no sysctl changed (${whyNot})`,
  () => {
    it(`when they are killed at ${kills} random moments`, { timeout: 120_000 }, async () => {
      using state = temporaryFolder()
      const name = 'fs.nr_open'
      const read = () => readFileSync('/proc/sys/fs/nr_open', 'utf8').trim()
      const before = read()
      const places = {
        ...systemPlaces(),
        stateFolder: join(state.path, 'state'),
        labStateFolder: join(state.path, 'run')
      }
      // A further clean-up changes nothing.
      const task = (role: Task['role'], more: number): Task => ({
        role,
        places,
        values: { [name]: `${Number(before) + more}` },
        loops: role === 'doctor' || role === 'lab'
      })
      const told = await killPairs(
        () => [start(task('doctor', 16)), start(task('lab', 8))],
        async () => {
          await once(start(task('revert', 0)), 'close')
          expect(read()).toBe(before)
          expect(filesIn(places.labStateFolder)).toEqual([])
          expect(filesIn(places.stateFolder).filter((file) => file !== 'sysctl-journal.json')).toEqual([])
        }
      )
      expect(told).toBe('')
    })
  }
)

it.skipIf(mayMakeNamespaces)(
  'doctors that are killed were not tested in a namespace: unshare -n needs root',
  () => {}
)
