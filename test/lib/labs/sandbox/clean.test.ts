import { spawn as start } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { thisProcess } from '../../../../lib/host/process_identity.js'
import { clean, namespacesWhere } from '../../../../lib/labs/sandbox/clean.js'
import { spawnCommand } from '../../../../lib/labs/sandbox/external_command.js'
import { namespaceName } from '../../../../lib/labs/sandbox/namespace_owner.js'
import { mayMakeNamespaces } from '../../../helpers/namespace.js'
import { fakeRoot } from '../../host/fake_root.js'

const gone = namespaceName({ pid: process.pid, startTicks: 1 }, '0-server')
const mine = namespaceName(thisProcess(), '0-server')
const ip = (...args: string[]) => spawnCommand({ argv: ['ip', ...args] })

describe.skipIf(!mayMakeNamespaces)('clean (skipped without root)', () => {
  afterEach(() => {
    for (const name of [gone, mine]) ip('netns', 'delete', name)
  })

  it('removes the namespaces of processes that have ended, with the processes inside, and no others', async () => {
    for (const name of [gone, mine]) expect(ip('netns', 'add', name)).toMatchObject({ status: 0 })
    const inside = start('nsenter', [`--net=/run/netns/${gone}`, 'sh', '-c', 'echo in; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    await once(inside.stdout, 'data')
    const ended = once(inside, 'exit')
    const procRoot = fakeRoot({})
    const cleaned = clean(spawnCommand, { procRoot, etcRoot: procRoot, stateFolder: procRoot })
    expect(cleaned.namespaces).toContain(gone)
    expect(cleaned.pids).toContain(inside.pid)
    expect(await ended).toEqual([null, 'SIGKILL'])
    expect(namespacesWhere(() => true)).toContain(mine)
    expect(namespacesWhere(() => true)).not.toContain(gone)
  })
})

it('only namespaces of labs are found', () => {
  expect(namespacesWhere(() => true).filter((name) => !name.startsWith('c1mlab-'))).toEqual([])
})
