import { describe, expect, it } from 'vitest'
import { defineLab, type Lab } from '../../../../lib/labs/runner/lab_definition.js'
import { runLab } from '../../../../lib/labs/runner/run_lab.js'
import { runLabs } from '../../../../lib/labs/runner/run_labs.js'
import { namespacesWhere } from '../../../../lib/labs/sandbox/clean.js'
import { type Command, spawnCommand } from '../../../../lib/labs/sandbox/external_command.js'
import { pair } from '../../../../lib/labs/topologies/pair_and_path.js'
import { mayMakeNamespaces } from '../../../helpers/namespace.js'

const lab = defineLab({
  name: 'example',
  rank: 1,
  summary: 'nothing much',
  expected: null,
  seconds: 1,
  parameters: { connections: { default: 10, least: 1, most: 100 } },
  steps: ({ ipv6 }) => [
    {
      name: 'quiet',
      role: 'healthy',
      text: 'Nothing happens.',
      topology: pair({ ipv6 }),
      servers: [{ in: 'server', argv: ['echo', '{}'] }],
      load: []
    }
  ]
})

const options = { program: ['false'], signal: new AbortController().signal }
const mine = () => namespacesWhere(({ pid }) => pid === process.pid)

describe.skipIf(!mayMakeNamespaces)(
  'a lab that stops early leaves nothing behind (skipped without root)',
  () => {
    it('when a command fails half way', async () => {
      const stood: string[][] = []
      const spawn = (command: Command) => {
        const isLast = command.argv.includes('198.18.2.2/24')
        if (isLast) stood.push(mine())
        return isLast
          ? { status: 2, stdout: '', stderr: 'RTNETLINK answers: no\nmore' }
          : spawnCommand(command)
      }
      await expect(runLab(lab, { ...options, spawn })).rejects.toMatchObject({
        code: 'C1M_LAB_FAILED',
        message: expect.stringMatching(
          /^'ip -n \S+-server address add 198\.18\.2\.2\/24 dev cable' failed: RTNETLINK answers: no$/
        )
      })
      expect(stood).toEqual([[expect.stringContaining('client'), expect.stringContaining('server')]])
      expect(mine()).toEqual([])
    })

    it('when a program inside ends early', async () => {
      await expect(runLab(lab, options)).rejects.toMatchObject({
        code: 'C1M_LAB_FAILED',
        message: expect.stringContaining("false watch --ndjson --quiet' ended early")
      })
      expect(mine()).toEqual([])
    })

    it('when it is stopped', async () => {
      const stop = new AbortController()
      const running = runLab(lab, { ...options, signal: stop.signal, progress: () => stop.abort() })
      await expect(running).rejects.toBe(stop.signal.reason)
      expect(mine()).toEqual([])
    })
  }
)

it('labs that cannot run here are skipped, with the reason', async () => {
  const needy: Lab = { ...lab, tools: ['c1m-no-such-program'] }
  expect(await runLabs([needy], options)).toMatchObject({
    ok: false,
    labs: [],
    skipped: [{ name: 'example', reasons: [expect.stringContaining('c1m-no-such-program')] }]
  })
})
