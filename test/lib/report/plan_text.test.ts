import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readFactsFile } from '../../../lib/host/facts_file.js'
import { type PlanOptions, plan } from '../../../lib/plan/plan.js'
import { planReport } from '../../../lib/report/plan_text.js'
import { facts } from '../checks/fixtures.js'

const incident = await readFactsFile(
  fileURLToPath(new URL('../../fixtures/incident-1.json', import.meta.url))
)
const report = async (options: PlanOptions) =>
  planReport(await plan({ facts: { client: facts() }, ...options }))

it('planReport describes a plan that fits', async () => {
  const text = await report({ connections: 250_000, rate: 50_000, holdMs: 60_000, durationMs: 30_000 })
  expect(text).toMatchInlineSnapshot(`
    "250,000 connections to its own listeners: nothing known will stop them.

    tuples       1,015,808 for 250,000: 1 source address x 63,488 source ports x 16 listeners
                 1,024 ephemeral ports left to other programs
    descriptors  500,000 of 20,447,232: 26 tables of 19,968, of 1,024
    memory       about 1.86GiB of kernel memory (23.1GiB available), 54MiB resident
    conntrack    250,000 entries (0 there now, nf_conntrack_max 262,144, 262,144 buckets)
    time         5s at 50k/s, then held for 1m
                 cut short by --duration after 30s

    not known:
      whether a rule of the dialing host tracks connections: none were when the facts were read, but tracking is assumed to be on
      source ports that other sockets of the dialing host hold: dial skips and counts them
    "
  `)
})

it('planReport describes a plan that does not fit, and what to do', async () => {
  const text = await report({
    connections: 1_000_000,
    targets: ['192.0.2.120:8100-8119'],
    source: ['192.0.2.44'],
    facts: incident
  })
  expect(text).toMatchInlineSnapshot(`
    "1,000,000 connections to 192.0.2.120:8100-8119 will not do: 3 limits bind, the first from connection 65,416 on.

    tuples       1,269,760 for 1,000,000: 1 source address x 63,488 source ports x 20 destinations
                 1,024 ephemeral ports left to other programs
    descriptors  1,000,000 of 999,936: one table for all threads
    memory       about 3.63GiB of kernel memory, 53.5MiB resident
    conntrack    unknown
    server       conntrack: 1,000,000 entries (120 there now, nf_conntrack_max 65,536, 16,384 buckets)
                 about 3.73GiB of kernel memory
    time         625ms at best, as fast as possible

    critical: connection tracking holds 65,536 entries and 1,000,120 are needed: SYNs are dropped from connection 65,416 on (server, conntrack-table-full)
      binds from connection 65,416 on
      net.netfilter.nf_conntrack_max 65,536
      net.netfilter.nf_conntrack_count 120
      needs.conntrackEntries 1,000,000
      remedy: # in the initial network namespace:
      remedy: sysctl -w net.netfilter.nf_conntrack_max=2097152
      remedy: sysctl -w net.netfilter.nf_conntrack_buckets=1048576
      remedy: # or do not track these ports at all:
      remedy: nft add table inet c1m
      remedy: nft 'add chain inet c1m pre { type filter hook prerouting priority raw; }'
      remedy: nft 'add rule inet c1m pre tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m pre tcp sport 8100-8119 notrack'
      remedy: nft 'add chain inet c1m out { type filter hook output priority raw; }'
      remedy: nft 'add rule inet c1m out tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m out tcp sport 8100-8119 notrack'

    critical: up to 100 % of first SYNs will be dropped: 1,000,120 tracked connections in 16,384 buckets make chains of 122, and this kernel may refuse from 8 on (server, conntrack-chain-too-long)
      binds from connection 76,883 on
      net.netfilter.nf_conntrack_buckets 16,384
      conntrack entries now 120
      needs.conntrackEntriesOnHost 1,000,000
      kernel 5.15.0-91-generic
      remedy: # in the initial network namespace:
      remedy: sysctl -w net.netfilter.nf_conntrack_buckets=1048576
      remedy: # or do not track these ports at all:
      remedy: nft add table inet c1m
      remedy: nft 'add chain inet c1m pre { type filter hook prerouting priority raw; }'
      remedy: nft 'add rule inet c1m pre tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m pre tcp sport 8100-8119 notrack'
      remedy: nft 'add chain inet c1m out { type filter hook output priority raw; }'
      remedy: nft 'add rule inet c1m out tcp dport 8100-8119 notrack'
      remedy: nft 'add rule inet c1m out tcp sport 8100-8119 notrack'

    critical: 1,000,000 descriptors are needed and 1 table of 999,936 hold 999,936 (client, descriptor-limit)
      binds from connection 999,936 on
      RLIMIT_NOFILE soft 1,000,000
      RLIMIT_NOFILE hard 1,000,000
      fs.nr_open 1,100,000
      needs.descriptors 1,000,000
      needs.tables 1
      remedy: # as root, in the shell that starts the run; in a systemd unit LimitNOFILE, in a container --ulimit nofile:
      remedy: prlimit --pid $$ --nofile=1001472:1001472

    not known:
      fs.file-max, available memory, nf_conntrack_max of the dialing host: assumed not to be limits
      whether the operators of 192.0.2.120:8100-8119 agree: dial refuses it without --authorized
      source ports that other sockets of the dialing host hold: dial skips and counts them
      the RLIMIT_NOFILE of the server program, which accepts no more than that many connections in one process
      fs.file-max, available memory of the server: assumed not to be limits
      what is between the hosts: firewalls, balancers, a NAT (describe one with --nat-ports)
    "
  `)
})

it('planReport accounts for a NAT', async () => {
  const nat = { natPorts: '2048-65535', timeWaitMs: 112_500, lvsTimeoutMs: 120_000 }
  const lines = (await report({ rate: 550, ...nat })).split('\n')
  const at = lines.findIndex((line) => line.startsWith('NAT'))
  expect(lines.slice(at, at + 3)).toEqual([
    'NAT          63,488 5-tuples: 1 source address x 63,488 ports (2048-65535) x 1 destination',
    '             529/s at most while LVS remembers each for 120 s',
    '             564/s at most while TIME_WAIT remembers each for 112.5 s'
  ])
})

it('planReport says how long a churn lasts', async () => {
  expect(await report({ churn: true })).toContain('time         10s of churn, as fast as possible\n')
  expect(await report({ churn: true, durationMs: 5000, ramp: '0:1k/s,5s:9k/s' })).toContain(
    'time         5s of churn at up to 9k/s\n'
  )
})

it('planReport says what reduces the tuple space', async () => {
  const ports = { reserved: [[1024, 1123] as [number, number]] }
  const text = await report({
    targets: ['10.0.0.2:80'],
    source: ['10.0.0.1'],
    shard: '1/4',
    facts: { client: facts({ ports }) }
  })
  expect(text).toContain(
    'tuples       15,847 for 10,000: 1 source address x 15,847 source ports x 1 destination\n'
  )
  expect(text).toContain(
    '             100 ports reserved on this host, 1,024 ephemeral ports left to other programs, 47,541 ports left to other shards\n'
  )
})
