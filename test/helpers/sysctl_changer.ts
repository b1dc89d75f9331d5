/** A process that changes sysctls as labs and doctor do, until it is done or killed. Its only argument is a {@link Task}. */
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { C1mError } from '../../lib/base/errors.js'
import { applySettings } from '../../lib/doctor/apply.js'
import type { Places } from '../../lib/doctor/places.js'
import { revertSettings } from '../../lib/doctor/revert.js'
import { thisProcess } from '../../lib/host/process_identity.js'
import { readSysctl } from '../../lib/host/sysctl/values.js'
import { HostSysctls, restoreAbandoned } from '../../lib/labs/sandbox/host_sysctls.js'

export interface Task {
  /** `lab`, `doctor`: change and restore; `clean`, `revert`: restore what other processes left. */
  readonly role: 'lab' | 'doctor' | 'clean' | 'revert'
  readonly places: Places
  /** Values to set, by name. */
  readonly values: Readonly<Record<string, string>>
  /** Once, or until it is killed. It prints a line when it begins, and the values after each round. */
  readonly loops: boolean
  /** Kills itself before this call that changes a file, counted from 1. */
  readonly killBefore?: number
}

const { role, places, values, loops, killBefore }: Task = JSON.parse(process.argv[2] ?? '')
const names = Object.keys(values)
const paths = { ...places, stateFolder: places.labStateFolder }
const caller = { isRoot: true, initialUserNamespace: true }

/** Calls that may change the state on disk; a new file is empty before the first write. */
const changing = ['renameSync', 'rmSync', 'symlinkSync', 'unlinkSync', 'writeFileSync', 'writeSync'] as const

function dieBefore(call: number): void {
  let calls = 0
  for (const name of changing) {
    const original = fs[name] as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        calls++
        if (calls === call) process.kill(process.pid, 'SIGKILL')
        return original(...args)
      }
    })
  }
}

/** A value that was set stays until the process that set it restores it. */
function expectValues(): void {
  for (const [name, value] of Object.entries(values)) {
    const is = readSysctl(name, places.procRoot)
    if (is !== value) throw new Error(`${name} is ${is}, but ${role} had set ${value}`)
  }
}

const roles: Record<Task['role'], () => Promise<void> | void> = {
  async lab() {
    const sysctls = new HostSysctls(thisProcess(), paths)
    for (const [name, value] of Object.entries(values))
      await sysctls.set(names, name, value, AbortSignal.timeout(60_000))
    expectValues()
    await sleep(Math.random() * 2)
    expectValues()
    sysctls.restore()
    await sleep(Math.random() * 2)
  },
  async doctor() {
    const settings = Object.entries(values).map(([name, wanted]) => ({
      name,
      wanted,
      current: null,
      scope: 'host' as const,
      lifts: [],
      blocked: null
    }))
    try {
      applySettings(settings, places)
      revertSettings(places, caller)
    } catch (error) {
      if (!(error instanceof C1mError) || error.code !== 'C1M_JOURNAL_BUSY') throw error
    }
    await sleep(Math.random() * 2)
  },
  clean: () => void restoreAbandoned(paths),
  revert() {
    try {
      revertSettings(places, caller)
    } catch (error) {
      if (!(error instanceof C1mError) || error.code !== 'C1M_JOURNAL_MISSING') throw error
    }
    restoreAbandoned(paths)
  }
}

async function main(): Promise<void> {
  process.stdout.write('begins\n')
  if (killBefore !== undefined) dieBefore(killBefore)
  do {
    await roles[role]()
    process.stdout.write(`${names.map((name) => `${name}=${readSysctl(name, places.procRoot)}`)}\n`)
  } while (loops)
}

// CommonJS has no top-level await; an error ends the process.
void main()
