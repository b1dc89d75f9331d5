/** A mark without the capability that it needs. The tests need root, to become a user without it. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../../../lib/plan/plan.js'
import type { RunResult } from '../../../lib/result/result.js'
import { causesOf, listenIn } from '../../helpers/causes.js'
import { main, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const maySetCapabilities =
  mayMakeNamespaces &&
  ['setpriv', 'setcap'].every((tool) => spawnSync(tool, ['--version']).error === undefined)

describe.skipIf(!maySetCapabilities)('a mark without CAP_NET_ADMIN', () => {
  let namespace: Namespace
  beforeAll(async () => {
    namespace = await Namespace.create()
  })
  afterAll(() => namespace[Symbol.dispose]())

  const target = '127.0.7.1:8100'
  const args = [target, '-c', '20', '--mark', '7', '--json']

  /** The output of `c1m-native ARGS` for a user without capabilities. */
  function withoutCapabilities(node: string, ...args: string[]): string {
    const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
    // The exit code says that it failed; the output says why.
    return namespace.run('sh', '-c', '"$@" || true', 'sh', 'setpriv', ...nobody, node, main, ...args)
  }

  it('is predicted and named, and works after the remedy', async () => {
    await using _listening = await listenIn(namespace, target)
    expect(causesOf(JSON.parse(withoutCapabilities(process.execPath, 'plan', ...args)) as Plan)).toEqual([
      'capability-missing'
    ])
    const result = JSON.parse(withoutCapabilities(process.execPath, 'dial', '-q', ...args)) as RunResult
    expect(result.errors).toMatchObject([{ phase: 'socket', code: 'EPERM', count: 20 }])
    expect(causesOf(result)).toEqual(['capability-missing'])

    using folder = temporaryFolder()
    chmodSync(folder.path, 0o755)
    const node = join(folder.path, 'node')
    copyFileSync(process.execPath, node)
    const [advice = '', line = ''] = result.findings[0]?.remedy ?? []
    expect(advice).toMatch(/^# /)
    namespace.run('sh', '-c', `PATH=${folder.path}:$PATH; ${line}`)
    const healed = JSON.parse(withoutCapabilities(node, 'dial', '-q', ...args)) as RunResult
    expect(healed).toMatchObject({ connections: { established: 20 }, errors: [], findings: [] })
  })

  it('is refused to a listener, and the error names the capability it needs', () => {
    const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
    const listening = namespace.run(
      ...(['sh', '-c', '"$@" 2>&1 || true', 'sh', 'setpriv', ...nobody] as const),
      process.execPath,
      main,
      ...['listen', '127.0.7.2:8100', '--mark', '7', '--duration', '1s']
    )
    expect(listening).toContain(
      'cannot listen on 127.0.7.2:8100: setsockopt EPERM. A mark needs CAP_NET_ADMIN'
    )
  })
})
