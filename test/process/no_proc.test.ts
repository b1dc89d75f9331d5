/** Without /proc, as in a container that hides it, facts are unknown, and everything else works. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { resultOf } from '../helpers/node_script.js'

const hidden = [
  'unshare',
  '-rnm',
  'sh',
  '-c',
  'PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && mount -t tmpfs none /proc && exec "$@"',
  'sh'
]
const [unshare = '', ...args] = [...hidden, 'true']
const mayHide = spawnSync(unshare, args).status === 0

describe('in a system without /proc', () => {
  it('every function works as far as it can', async ({ skip }) => {
    skip(!mayHide, 'needs user, mount and network namespaces (unshare -rnm) and ip(8)')
    const script = `
      const { fits, facts } = await c1m.plan({ connections: 50, targets: ['127.0.0.1:9'] })
      const report = await c1m.doctor({ connections: 50 })
      const server = await c1m.listen({ workers: 1 })
      const { connections, errors } = await c1m.dial({ targets: server.targets, connections: 50 }).result
      const { accepted } = await server.close()
      const watching = await c1m.watch({ everyMs: 10 })
      for await (const _ of watching.snapshots()) break
      const { schema } = await watching.close()
      const reverted = await (async () => c1m.revertDoctor())().catch(({ code }) => code)
      const unknown = [facts.client, report.facts].map(({ limits }) => limits.fileMax)
      console.log(JSON.stringify({ fits, unknown, established: connections.established, errors, accepted, schema, reverted }))`
    expect(await resultOf(script, { under: hidden, env: { XDG_STATE_HOME: '/nonexistent' } })).toEqual({
      fits: true,
      unknown: [null, null],
      established: 50,
      errors: [],
      accepted: 50,
      schema: 'c1m-native/watch-result@1',
      reverted: 'C1M_JOURNAL_MISSING'
    })
  })
})
