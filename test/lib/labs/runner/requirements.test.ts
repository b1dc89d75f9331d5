import { expect, it } from 'vitest'
import type { LabParameters } from '../../../../lib/labs/runner/lab_parameters.js'
import { unmetNeeds } from '../../../../lib/labs/runner/requirements.js'
import type { Ended } from '../../../../lib/labs/sandbox/external_command.js'

const plain = { allowHostChanges: false, pcap: false }
const answering = (ended: Partial<Ended>) => () => ({ status: 0, stdout: '', stderr: '', ...ended })
const numbers = { connections: 1000, ipv6: false } as LabParameters
const modest = { tools: [], hostSysctls: [] }

it('a lab without special needs lacks nothing', () => {
  expect(unmetNeeds(modest, plain, numbers, answering({}))).toEqual([])
})

it('a missing program is named, with its package', () => {
  const lab = { tools: ['c1m-no-such-program'], hostSysctls: [] }
  expect(unmetNeeds(lab, plain, numbers, answering({}))).toEqual([
    expect.stringMatching(/^c1m-no-such-program is not installed: apt-get install c1m-no-such-program$/)
  ])
})

it('the reason why the system refuses namespaces is quoted', () => {
  const refused = answering({ status: 1, stderr: 'unshare: unshare failed: Operation not permitted\n' })
  expect(unmetNeeds(modest, plain, numbers, refused)).toEqual([
    'no network namespace can be made here: unshare: unshare failed: Operation not permitted'
  ])
})

it('a lab that changes the whole host needs permission', () => {
  const lab = { tools: [], hostSysctls: ['kernel.c1m_no_such_sysctl'] }
  expect(unmetNeeds(lab, plain, numbers, answering({}))).toEqual([
    'it sets kernel.c1m_no_such_sysctl of the whole host for seconds: say --allow-host-changes'
  ])
  expect(unmetNeeds(lab, { ...plain, allowHostChanges: true }, numbers, answering({}))).toEqual([])
})

it('a lab that takes more memory than is available is refused', () => {
  const lab = { ...modest, memoryBytes: ({ connections }: LabParameters) => connections * 1e15 }
  expect(unmetNeeds(lab, plain, numbers, answering({}))).toEqual([
    expect.stringMatching(/^it takes .+ of memory, .+ are available: choose fewer --connections$/)
  ])
})
