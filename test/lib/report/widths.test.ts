/** Every report, on terminals from narrow to wide. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { suiteReport } from '../../../bench/report_text.js'
import { watchPage } from '../../../lib/cli/watch_view.js'
import { doctor } from '../../../lib/doctor/doctor.js'
import { readFactsFile } from '../../../lib/host/facts_file.js'
import { labs } from '../../../lib/labs/catalogue.js'
import { listLabs } from '../../../lib/labs/runner/list_labs.js'
import { labListText } from '../../../lib/labs/text/lab_list_text.js'
import { labReportText, labResultText } from '../../../lib/labs/text/lab_result_text.js'
import { plan } from '../../../lib/plan/plan.js'
import { dialReport } from '../../../lib/report/dial_text.js'
import { doctorReport } from '../../../lib/report/doctor_text.js'
import { listenReport } from '../../../lib/report/listen_text.js'
import { plain } from '../../../lib/report/paint.js'
import { planReport } from '../../../lib/report/plan_text.js'
import { watchReport } from '../../../lib/report/watch_text.js'
import { exampleResult as benchExample } from '../../bench/example_result.js'
import { eventfulResult } from '../../helpers/example_result.js'
import { watchResult, watchSnapshot } from '../../helpers/watch_examples.js'
import { FakeHost } from '../doctor/fake_host.js'
import { labResult } from '../labs/fixtures.js'

const incident = await readFactsFile(
  fileURLToPath(new URL('../../fixtures/incident-1.json', import.meta.url))
)
const targets = ['192.0.2.120:8100-8119']
const planned = await plan({ connections: 1_000_000, targets, source: ['192.0.2.44'], facts: incident })
const lab = labResult({ failures: ["'healthy' is healthy, but accept-queue-overflow was named"], ok: false })
const labReport = {
  schema: 'c1m-native/lab-report@1' as const,
  version: '0.0.0',
  ok: false,
  labs: [lab],
  skipped: [
    { name: 'conntrack-full', reasons: ['conntrack is not installed', 'it needs --allow-host-changes'] }
  ],
  totalSeconds: 81
}
const listened = {
  schema: 'c1m-native/listen-result@1' as const,
  accepted: 1_000_000,
  peak: 1_000_000,
  closedByPeer: 0,
  bytesReceived: 0,
  bytesSent: 0,
  totalSeconds: 81,
  errors: []
}

/** Its host is made anew each time, because it goes with the test. */
async function examined(width?: number): Promise<string> {
  const goal = { connections: 1_000_000, rate: 50_000, role: 'server', targets } as const
  return doctorReport(await doctor(goal, new FakeHost().places), plain, width)
}

const reports: Record<string, (width?: number) => string | Promise<string>> = {
  dial: (width) => dialReport(eventfulResult(), plain, width),
  listen: (width) => listenReport(listened as unknown as Parameters<typeof listenReport>[0], plain, width),
  plan: (width) => planReport(planned, plain, width),
  doctor: examined,
  watch: (width) => watchReport(watchResult(), plain, width),
  'the page of watch': (width) => watchPage(watchSnapshot(), watchResult().watched, plain, width).join('\n'),
  'a lab': (width) => labResultText(lab, plain, width),
  'all labs': (width) => labReportText(labReport, plain, width),
  'the list of labs': (width) => labListText(listLabs(labs, { allowHostChanges: false }), plain, width),
  bench: (width) =>
    benchExample()
      .suites.map((suite) => suiteReport(suite, benchExample().host, width))
      .join('')
}

/** What is to be copied stays in one line, whatever its length. */
const isCommand = (line: string) => /^ *remedy: [^#]/.test(line)
const wordsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/[│▁▂▃▄▅▆▇█]/.test(line))
    .flatMap((line) => line.replace(/^ +# /, '').split(/\s+/))
    .filter((word) => word !== '')

describe.each([60, 80, 120, 200])('on a terminal of %i columns', (width) => {
  it.each(Object.entries(reports))('%s fits', async (_, report) => {
    for (const line of (await report(width)).split('\n'))
      if (!isCommand(line)) expect(line.length, line).toBeLessThanOrEqual(width)
  })

  it.each(Object.entries(reports))('%s loses no word, and cuts none', async (_, report) => {
    expect(wordsOf(await report(width)).sort()).toEqual(wordsOf(await report()).sort())
  })

  it.each(Object.entries(reports))('%s has each command whole', async (_, report) => {
    const commands = (text: string) => text.split('\n').filter(isCommand)
    expect(commands(await report(width))).toEqual(commands(await report()))
  })
})

it('a comment among the commands stays one when it takes several lines', () => {
  expect(planReport(planned, plain, 60)).toContain(`
  remedy: # as root, in the shell that starts the run; in a
          # systemd unit LimitNOFILE, in a container
          # --ulimit nofile:
  remedy: prlimit --pid $$ --nofile=1001472:1001472
`)
})

it('a dial of 60 columns keeps its tables aligned', () => {
  const [connect, more] = dialReport(eventfulResult(), plain, 60)
    .split('\n')
    .filter((line) => /p50 48us +p90/.test(line))
  expect([connect, more].map((line) => line?.indexOf('p99 '))).toEqual([33, 33])
})
