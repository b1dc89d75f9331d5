import { describe, expect, it } from 'vitest'
import type { LabList } from '../../../lib/labs/runner/list_labs.js'
import { runCli } from '../run_cli.js'

describe('lab list', () => {
  it('shows what each lab names, how long it takes and what it needs', async () => {
    const { code, stdout, stderr } = await runCli(['lab', 'list'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^syn-loss: .+\n(?: {4}.+\n)? {2}names syn-loss, takes \d+ s, needs nft\n {2}--connections \d+ /m
    )
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /needs nft, conntrack, net\.netfilter\.nf_conntrack_buckets \(--allow-host-changes\)/
    )
  })

  it('prints JSON with --json', async () => {
    const { stdout } = await runCli(['lab', 'list', '--json'])
    const list = JSON.parse(stdout) as LabList
    expect(list.schema).toBe('c1m-native/lab-list@1')
    expect(list.labs.map(({ name }) => name)).toContain('million')
  })
})

describe('a wrong command line of lab changes nothing and exits with 2:', () => {
  it.each([
    [['lab'], 'lab needs an action. Write lab list, lab run NAME or lab clean.'],
    [['lab', 'rnu'], "unknown action 'rnu'. Write"],
    [['lab', 'list', 'x'], "lab list takes no names, but got 'x'. Leave it out."],
    [['lab', 'run'], 'lab run needs the name of a lab, or --all. The labs are million, '],
    [['lab', 'run', 'syn-los'], "there is no lab 'syn-los'. Did you mean syn-loss? The labs are "],
    [['lab', 'run', 'syn-loss', '--all'], '--all and names of labs exclude each other'],
    [['lab', 'run', '--all', '--pcap', 'x'], '--pcap is for one lab at a time'],
    [
      ['lab', 'run', 'syn-loss', '--buckets', '512'],
      'syn-loss has no parameter --buckets. It has --connections, '
    ],
    [['lab', 'run', 'syn-loss', '--loss', 'half'], '--loss'],
    [['lab', 'run', 'conntrack-chains', '--buckets', 'many'], '--buckets'],
    [
      ['lab', 'run', 'conntrack-chains', '--buckets', '7'],
      '--buckets is 7, and must be a whole number from 512 to 3,072'
    ],
    [['lab', 'run', '--all', '--clients', '1m'], '--clients is 1,000,000'],
    [['lab', 'run', 'syn-loss', '--json', '--ndjson'], '--ndjson']
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^c1m-native: [^\n]+\n$/)
    expect(stderr).toContain(message)
  })
})

it('lab run refuses a lab that changes the whole host without permission, and lists the changes', async ({
  skip
}) => {
  const { code, stdout, stderr } = await runCli(['lab', 'run', 'conntrack-full'])
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  if (stderr.includes('user namespaces are refused')) skip('without root, and namespaces are refused')
  expect(stderr).toMatch(/conntrack-full cannot run here: .*nf_conntrack_max .*--allow-host-changes/)
})
