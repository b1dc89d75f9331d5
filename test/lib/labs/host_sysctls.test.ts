import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HostSysctls, isReadOnly, restoreAbandoned } from '../../../lib/labs/host_sysctls.js'
import { readOwner } from '../../../lib/labs/owner.js'
import { fakeRoot } from '../host/fake_root.js'

const max = 'net.netfilter.nf_conntrack_max'
const buckets = 'net.netfilter.nf_conntrack_buckets'
const never = new AbortController().signal

/** A host of its own, on which this process runs. */
function host() {
  const procRoot = fakeRoot({
    'sys/net/netfilter/nf_conntrack_max': '262144\n',
    'sys/net/netfilter/nf_conntrack_buckets': '65536\n'
  })
  const read = (name: string) => readFileSync(`${procRoot}/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
  const lives = (pid: number) => {
    mkdirSync(`${procRoot}/${pid}`)
    writeFileSync(`${procRoot}/${pid}/stat`, readFileSync(`/proc/${pid}/stat`))
  }
  lives(process.pid)
  return { paths: { procRoot, stateFolder: `${procRoot}/run/c1m-native` }, read, lives }
}

const self = readOwner(process.pid) ?? { pid: 0, startTicks: 0 }

describe('sysctls of the host', () => {
  it('are put back, all of them, and the journal is gone', async () => {
    const { paths, read } = host()
    const sysctls = new HostSysctls(self, paths)
    await sysctls.set([max, buckets], max, 1000, never)
    await sysctls.set([max, buckets], buckets, 512, never)
    await sysctls.set([max, buckets], max, 2000, never)
    expect([read(max), read(buckets)]).toEqual(['2000', '512'])
    sysctls.restore()
    sysctls.restore()
    expect([read(max), read(buckets)]).toEqual(['262144', '65536'])
    expect(existsSync(`${paths.stateFolder}/host-sysctls.json`)).toBe(false)
  })

  it('stay as they are while a living run has changed them, which is waited for', async () => {
    const { paths, read } = host()
    const first = new HostSysctls(self, paths)
    await first.set([max], max, 1000, never)
    const second = new HostSysctls(self, paths)
    const waiting = second.set([max], max, 3000, never)
    expect(restoreAbandoned(paths)).toEqual({})
    expect(read(max)).toBe('1000')
    first.restore()
    await waiting
    expect(read(max)).toBe('3000')
    second.restore()
    expect(read(max)).toBe('262144')
  })

  it('are waited for no longer than wanted', async () => {
    const { paths } = host()
    const first = new HostSysctls(self, paths)
    await first.set([max], max, 1000, never)
    const stop = new AbortController()
    const waiting = new HostSysctls(self, paths).set([max], max, 3000, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toThrow(/abort/)
    first.restore()
  })

  it('are put back by whoever comes next after a SIGKILL', async () => {
    const { paths, read, lives } = host()
    const victim = spawn('cat')
    await once(victim, 'spawn')
    const owner = readOwner(victim.pid as number)
    lives(victim.pid as number)
    await new HostSysctls(owner as NonNullable<typeof owner>, paths).set([max], max, 1000, never)
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    // The number goes to another process, as it may.
    writeFileSync(`${paths.procRoot}/${victim.pid}/stat`, readFileSync(`/proc/${process.pid}/stat`))
    expect(restoreAbandoned(paths)).toEqual({ [max]: '262144' })
    expect(read(max)).toBe('262144')
    expect(restoreAbandoned(paths)).toEqual({})
  })

  it('that are not there are named', async () => {
    const { paths } = host()
    const setting = new HostSysctls(self, paths).set(['net.nothing'], 'net.nothing', 1, never)
    await expect(setting).rejects.toMatchObject({
      code: 'C1M_LAB_FAILED',
      message: expect.stringContaining('net.nothing')
    })
    expect(isReadOnly('net.nothing', paths)).toBe(false)
  })
})
