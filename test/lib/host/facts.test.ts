import { describe, expect, it } from 'vitest'
import { readHostFacts } from '../../../lib/host/facts.js'
import { fakeRoot } from './fake_root.js'

const nothing = () => fakeRoot({})

describe('readHostFacts', () => {
  it('reads this host without failing', () => {
    const facts = readHostFacts()
    expect(facts.kernel.release).toMatch(/^\d+\.\d+/)
    expect(facts.kernel.cpus).toBeGreaterThan(0)
    expect(facts.limits.nofileHard).toBeGreaterThan(0)
    expect(facts.memory.pageBytes).toBeGreaterThanOrEqual(4096)
    expect(facts.ports.localRange?.[0]).toBeLessThan(65536)
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts)
  })

  it('reports unknown, never 0, and the reason, on a host that shows nothing', () => {
    const facts = readHostFacts({ procRoot: nothing(), sysRoot: nothing() })
    const { unknown, ...groups } = facts
    for (const group of Object.values(groups))
      for (const fact of Object.values(group)) expect(fact).toBeNull()
    expect(unknown).toMatchObject({
      '/proc/self/limits': 'ENOENT',
      '/proc/sys/net/netfilter/nf_conntrack_count': 'ENOENT',
      '/proc/sys/net/ipv4/tcp_mem': 'ENOENT',
      '/proc/self/auxv': 'ENOENT'
    })
  })

  it('reports malformed values as such', () => {
    const facts = readHostFacts({
      procRoot: fakeRoot({
        'self/limits': 'Max open files            lots                 many                 files\n',
        'self/status': 'Name:\tnode\nCapEff:\tzz\nCpus_allowed_list:\t3-\n',
        'sys/fs/nr_open': '',
        'sys/fs/file-nr': '12 0\n',
        'sys/fs/file-max': '0x10\n',
        'sys/kernel/osrelease': 'unknown\n',
        'sys/net/ipv4/tcp_mem': '1 2 x\n',
        'sys/net/ipv4/ip_local_reserved_ports': '100-50\n',
        'sys/net/ipv4/tcp_max_orphans': '12 34\n',
        meminfo: 'MemTotal: 12 kB\n',
        'self/auxv': Buffer.alloc(16)
      }),
      sysRoot: nothing()
    })
    expect(facts.limits).toMatchObject({ nofileSoft: null, nrOpen: null, fileMax: null, filesOpen: null })
    expect(facts.kernel).toMatchObject({ release: 'unknown', version: null, cpus: null, capabilities: null })
    expect(facts.memory).toMatchObject({
      totalBytes: 12 * 1024,
      availableBytes: null,
      tcpPages: null,
      pageBytes: null
    })
    expect(facts.ports.reserved).toBeNull()
    expect(facts.tcp.maxOrphans).toBeNull()
    for (const path of [
      'self/limits',
      'self/status',
      'sys/fs/nr_open',
      'sys/fs/file-nr',
      'meminfo',
      'self/auxv'
    ])
      expect(facts.unknown[`/proc/${path}`]).toBe('malformed')
  })

  it('keeps the reason why a file cannot be read', () => {
    // A directory in place of the file fails in read(2), whoever runs the test; EACCES would not fail for root.
    const facts = readHostFacts({
      procRoot: fakeRoot({ 'slabinfo/x': '', 'sys/net/netfilter/nf_conntrack_count': '5' })
    })
    expect(facts.conntrack).toMatchObject({ count: 5, entriesAllNamespaces: null })
    expect(facts.unknown['/proc/slabinfo']).toBe('EISDIR')
  })
})

describe('readHostFacts, fact by fact,', () => {
  const gather = (files: Record<string, string | Buffer>, sys: Record<string, string> = {}) =>
    readHostFacts({ procRoot: fakeRoot(files), sysRoot: fakeRoot(sys) })

  it('reads limits, also unlimited ones', () => {
    const facts = gather({
      'self/limits':
        'Limit                     Soft Limit           Hard Limit           Units     \n' +
        'Max open files            1024                 unlimited            files     \n',
      'sys/fs/file-nr': '451\t0\t9223372036854775807\n'
    })
    expect(facts.limits).toMatchObject({ nofileSoft: 1024, nofileHard: 'unlimited', filesOpen: 451 })
  })

  it('counts CPUs from the mask and reads capabilities', () => {
    const facts = gather({
      'self/status': 'CapEff:\t000001fffeffffff\nCpus_allowed_list:\t0-3,8,10-11\n',
      'self/uid_map': '         0          0 4294967295\n',
      'sys/kernel/osrelease': '5.15.0-97-generic\n'
    })
    expect(facts.kernel).toEqual({
      release: '5.15.0-97-generic',
      version: { major: 5, minor: 15, patch: 0 },
      cpus: 7,
      capabilities: '000001fffeffffff',
      initialUserNamespace: true
    })
  })

  it('distinguishes a user namespace from the initial one', () => {
    expect(gather({ 'self/uid_map': '0 1000 1\n' }).kernel.initialUserNamespace).toBe(false)
  })

  it('reads port ranges', () => {
    const facts = gather({
      'sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
      'sys/net/ipv4/ip_local_reserved_ports': '8080,9000-9099\n'
    })
    expect(facts.ports.localRange).toEqual([32768, 60999])
    expect(facts.ports.reserved).toEqual([
      [8080, 8080],
      [9000, 9099]
    ])
  })

  it('reads an empty list of reserved ports as none, not as unknown', () => {
    expect(gather({ 'sys/net/ipv4/ip_local_reserved_ports': '\n' }).ports.reserved).toEqual([])
  })

  it('recognizes a shared established hash by its sign', () => {
    const tcp = (entries: string) => gather({ 'sys/net/ipv4/tcp_ehash_entries': entries }).tcp
    expect(tcp('-262144')).toMatchObject({ ehashEntries: 262144, ehashShared: true })
    expect(tcp('4096')).toMatchObject({ ehashEntries: 4096, ehashShared: false })
  })

  it('reads entries of all namespaces from slabinfo, and whether chains are bounded', () => {
    const facts = gather({
      'sys/net/netfilter/nf_conntrack_count': '74\n',
      slabinfo:
        'slabinfo - version: 2.1\nnf_conntrack_expect 0 0 208\nnf_conntrack       38532  39000    256   16    1 : tunables\n',
      'net/stat/nf_conntrack':
        'entries  searched found new invalid ignore delete delete_list insert\n0 0 0 0 0 0 0 0 0\n'
    })
    expect(facts.conntrack).toMatchObject({ count: 74, entriesAllNamespaces: 38532, boundsChains: false })
  })

  it('lists reverse path filters by interface', () => {
    const facts = gather({
      'sys/net/ipv4/conf/all/rp_filter': '1\n',
      'sys/net/ipv4/conf/default/rp_filter': '1\n',
      'sys/net/ipv4/conf/eth0/rp_filter': '2\n'
    })
    expect(facts.network).toMatchObject({ rpFilterAll: 1, rpFilterInterfaces: { eth0: 2 } })
  })
})

describe('readHostFacts in a control group', () => {
  const gather = (membership: string, sys: Record<string, string>) =>
    readHostFacts({ procRoot: fakeRoot({ 'self/cgroup': membership }), sysRoot: fakeRoot(sys) })

  it('uses the v2 ancestor that leaves the least memory', () => {
    const facts = gather('0::/a/b\n', {
      'fs/cgroup/a/b/memory.max': 'max\n',
      'fs/cgroup/a/b/memory.current': '100\n',
      'fs/cgroup/a/memory.max': '4096000\n',
      'fs/cgroup/a/memory.current': '4000000\n',
      'fs/cgroup/a/b/pids.max': '500\n'
    })
    expect(facts.cgroup).toEqual({ memoryMaxBytes: 4096000, memoryCurrentBytes: 4000000, pidsMax: 500 })
  })

  it('reads v1, whose largest value means unlimited', () => {
    const facts = gather('4:memory:/x\n8:pids:/\n0::/\n', {
      'fs/cgroup/memory/x/memory.limit_in_bytes': '9223372036854771712\n',
      'fs/cgroup/memory/x/memory.usage_in_bytes': '5000\n'
    })
    expect(facts.cgroup).toEqual({ memoryMaxBytes: 'unlimited', memoryCurrentBytes: 5000, pidsMax: null })
    expect(facts.unknown['/sys/fs/cgroup/pids/pids.max']).toBe('ENOENT')
  })

  it('finds the mount root of a container that sees its host path', () => {
    const facts = gather('0::/kubepods/pod1\n', {
      'fs/cgroup/memory.max': '1000\n',
      'fs/cgroup/memory.current': 'x\n'
    })
    expect(facts.cgroup).toMatchObject({ memoryMaxBytes: 1000, memoryCurrentBytes: null })
  })
})
