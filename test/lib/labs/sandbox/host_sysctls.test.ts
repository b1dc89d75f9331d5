import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { identifyProcess } from '../../../../lib/host/process_identity.js'
import { HostSysctls, isReadOnly, restoreAbandoned } from '../../../../lib/labs/sandbox/host_sysctls.js'
import { buckets, dead, host, max, never, nothing, self } from './fake_sysctls.js'

describe('sysctls of the host', () => {
  it('are all restored, and the journal is removed', async () => {
    const { paths, read, files } = host()
    const sysctls = new HostSysctls(self, paths)
    await sysctls.set([max, buckets], max, 1000, never)
    await sysctls.set([max, buckets], buckets, 512, never)
    await sysctls.set([max, buckets], max, 2000, never)
    expect([read(max), read(buckets)]).toEqual(['2000', '512'])
    expect(files()).toEqual(['host-sysctls.json'])
    sysctls.restore()
    sysctls.restore()
    expect([read(max), read(buckets)]).toEqual(['262144', '65536'])
    expect(files()).toEqual([])
  })

  it('are not changed until another run has restored them', async () => {
    const { paths, read } = host()
    const first = new HostSysctls(self, paths)
    await first.set([max], max, 1000, never)
    const second = new HostSysctls(self, paths)
    const waiting = second.set([max], max, 3000, never)
    expect(restoreAbandoned(paths)).toEqual(nothing)
    expect(read(max)).toBe('1000')
    first.restore()
    await waiting
    expect(read(max)).toBe('3000')
    second.restore()
    expect(read(max)).toBe('262144')
  })

  it('are read only when no other run can have changed them', async () => {
    const { paths, read } = host()
    const first = new HostSysctls(self, paths)
    await first.set([max], max, 1000, never)
    // The first run ends between the two reads.
    const names = Object.defineProperty([max, buckets], 1, {
      get: () => {
        first.restore()
        return buckets
      }
    })
    const second = new HostSysctls(self, paths)
    const waiting = second.set(names, max, 3000, never)
    first.restore()
    await waiting
    second.restore()
    expect(read(max)).toBe('262144')
  })

  it('are waited for until the signal aborts', async () => {
    const { paths } = host()
    const first = new HostSysctls(self, paths)
    await first.set([max], max, 1000, never)
    const stop = new AbortController()
    const waiting = new HostSysctls(self, paths).set([max], max, 3000, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toThrow(/abort/)
    first.restore()
  })

  it('are waited for while another process holds the lock', async () => {
    const { paths, read, files } = host()
    const worker = spawn('cat')
    await once(worker, 'spawn')
    const { pid, startTicks } = identifyProcess(worker.pid ?? 0) ?? dead
    mkdirSync(paths.stateFolder, { recursive: true })
    symlinkSync(`${pid}-${startTicks}`, `${paths.stateFolder}/host-sysctls.json.lock`)
    const sysctls = new HostSysctls(self, paths)
    const waiting = sysctls.set([max], max, 3000, never)
    expect([files(), read(max)]).toEqual([['host-sysctls.json.lock'], '262144'])
    worker.kill('SIGKILL')
    await waiting
    expect(read(max)).toBe('3000')
    sysctls.restore()
    expect(files()).toEqual([])
  })

  it('that do not exist or may not be changed are named in the error', async () => {
    const { paths, files } = host()
    const set = (name: string) => new HostSysctls(self, paths).set([name], name, 1, never)
    for (const name of ['net.ipv4.tcp_max_orphans', 'kernel.core_pattern', 'net.nothing'])
      await expect(set(name)).rejects.toMatchObject({
        code: 'C1M_LAB_FAILED',
        message: expect.stringContaining(name)
      })
    expect(files()).toEqual([])
    expect(isReadOnly('net.nothing', paths)).toBe(false)
  })

  it('are not changed when their value was not saved', async () => {
    const { paths, read } = host()
    const sysctls = new HostSysctls(self, paths)
    await expect(sysctls.set([max], buckets, 512, never)).rejects.toMatchObject({ code: 'C1M_LAB_FAILED' })
    sysctls.restore()
    expect(read(buckets)).toBe('65536')
  })
})
