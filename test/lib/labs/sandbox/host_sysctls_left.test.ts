import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { identifyProcess } from '../../../../lib/host/process_identity.js'
import { HostSysctls, restoreAbandoned } from '../../../../lib/labs/sandbox/host_sysctls.js'
import { caught } from '../../../helpers/caught.js'
import { abandoned, buckets, dead, host, max, never, nothing, self, writeJournal } from './fake_sysctls.js'

describe('what a killed run has changed', () => {
  it('is restored by the next clean-up', async () => {
    const { paths, read, lives, files } = host()
    const victim = spawn('cat')
    await once(victim, 'spawn')
    const owner = identifyProcess(victim.pid as number)
    lives(victim.pid as number)
    await new HostSysctls(owner as NonNullable<typeof owner>, paths).set([max], max, 1000, never)
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    // The process number may be reused by another process.
    writeFileSync(`${paths.procRoot}/${victim.pid}/stat`, readFileSync(`/proc/${process.pid}/stat`))
    expect(restoreAbandoned(paths)).toEqual({ sysctls: { [max]: '262144' }, gone: [] })
    expect(read(max)).toBe('262144')
    expect(files()).toEqual([])
    expect(restoreAbandoned(paths)).toEqual(nothing)
  })

  it('is restored by the next run that changes something, before that reads values', async () => {
    const { paths, read } = await abandoned()
    const sysctls = new HostSysctls(self, paths)
    await sysctls.set([max], max, 3000, never)
    expect(read(buckets)).toBe('65536')
    sysctls.restore()
    expect(read(max)).toBe('262144')
  })

  it('is restored from a journal of version 0.1.0', () => {
    const fake = host()
    fake.write(max, '1000')
    writeJournal(fake, { ...dead, before: { [max]: '262144' } })
    expect(restoreAbandoned(fake.paths)).toEqual({ sysctls: { [max]: '262144' }, gone: [] })
    expect(fake.read(max)).toBe('262144')
    expect(fake.files()).toEqual([])
  })

  it('is restored once: a slow clean-up leaves alone what a later run has changed', async () => {
    const fake = await abandoned()
    const later = new HostSysctls(self, fake.paths)
    const claimed: Promise<void>[] = []
    // Between reading the journal and restoring, another process restores and a new run begins.
    const slow = {
      ...fake.paths,
      get procRoot() {
        restoreAbandoned(fake.paths)
        if (claimed.length === 0) claimed.push(later.set([max], max, 3000, never))
        return fake.paths.procRoot
      }
    }
    restoreAbandoned(slow)
    await claimed[0]
    expect(fake.read(max)).toBe('3000')
    expect(fake.files()).toEqual(['host-sysctls.json'])
    later.restore()
    expect(fake.read(max)).toBe('262144')
  })

  it('is restored, except what disappeared with its module, which is reported', async () => {
    const { paths, pathOf, read, files } = await abandoned()
    rmSync(pathOf(max))
    expect(restoreAbandoned(paths)).toEqual({ sysctls: { [buckets]: '65536' }, gone: [max] })
    expect(read(buckets)).toBe('65536')
    expect(existsSync(pathOf(max))).toBe(false)
    expect(files()).toEqual([])
  })

  it.each([max, buckets])(
    'is restored, except %s, which may not be written and stays in the journal',
    async (stuck) => {
      const { paths, pathOf, read, write, files } = await abandoned()
      const other = stuck === max ? buckets : max
      const before: Record<string, string> = { [max]: '262144', [buckets]: '65536' }
      rmSync(pathOf(stuck))
      // Not even root can write it.
      symlinkSync('/proc/sys/kernel/cap_last_cap', pathOf(stuck))
      expect(caught(() => restoreAbandoned(paths))).toMatchObject({
        code: 'C1M_LAB_FAILED',
        message: expect.stringContaining(
          `cannot change ${stuck}: it was ${before[stuck]} before a lab; EACCES`
        )
      })
      expect(read(other)).toBe(before[other])
      // A new run could not know the previous value, so it fails at once.
      await expect(new HostSysctls(self, paths).set([max], max, 3000, never)).rejects.toMatchObject({
        code: 'C1M_LAB_FAILED'
      })
      rmSync(pathOf(stuck))
      write(stuck, '7')
      write(other, '8')
      expect(restoreAbandoned(paths)).toEqual({ sysctls: { [stuck]: before[stuck] ?? '' }, gone: [] })
      expect(read(other)).toBe('8')
      expect(files()).toEqual([])
    }
  )

  it('is restored by the run itself, except what may not be written', async () => {
    const { paths, pathOf, read, write, files } = host()
    const sysctls = new HostSysctls(self, paths)
    await sysctls.set([max, buckets], max, 1000, never)
    await sysctls.set([max, buckets], buckets, 512, never)
    rmSync(pathOf(max))
    symlinkSync('/proc/sys/kernel/cap_last_cap', pathOf(max))
    expect(caught(() => sysctls.restore())).toMatchObject({ code: 'C1M_LAB_FAILED' })
    expect([read(buckets), files()]).toEqual(['65536', ['host-sysctls.json']])
    rmSync(pathOf(max))
    write(max, '1000')
    sysctls.restore()
    expect([read(max), files()]).toEqual(['262144', []])
  })
})

describe('a journal that cannot be understood is refused without waiting, and nothing is changed:', () => {
  const good = { schema: 'c1m-native/sysctl-journal@1', host: null, at: '', owner: dead, changes: [] }
  const evil = [{ name: 'kernel.core_pattern', before: '1', ours: [] }]

  it.each<[string, unknown]>([
    ['empty', ''],
    ['half written', '{"pid": 1, "startTi'],
    ['without an owner', { before: { [max]: '1' } }],
    ['without values', { pid: 1, startTicks: 1 }],
    ['of another schema', { ...good, schema: 'x' }],
    ['with a sysctl that is none of ours', { ...dead, before: { 'kernel.core_pattern': '|/bin/sh' } }],
    ['with such a sysctl, as it is written now', { ...good, changes: evil }],
    ['with a path', { ...dead, before: { '../../etc/passwd': '1' } }],
    ['with a value that is no number', { ...dead, before: { [max]: '|/bin/sh' } }]
  ])('%s', async (_, content) => {
    const fake = host()
    writeJournal(fake, content)
    const refused = {
      code: 'C1M_JOURNAL_INVALID',
      message: expect.stringMatching(/^the journal '\S+' (is|has|does) .+; nothing was changed$/)
    }
    expect(caught(() => restoreAbandoned(fake.paths))).toMatchObject(refused)
    const waiting = new HostSysctls(self, fake.paths).set([max], max, 3000, never)
    await expect(waiting).rejects.toMatchObject(refused)
    expect([fake.read(max), fake.read('kernel.core_pattern')]).toEqual(['262144', 'core'])
    expect(fake.files()).toEqual(['host-sysctls.json'])
  })

  it('a named pipe', async () => {
    const fake = host()
    mkdirSync(fake.paths.stateFolder, { recursive: true })
    execFileSync('mkfifo', [fake.journal])
    expect(caught(() => restoreAbandoned(fake.paths))).toMatchObject({ code: 'C1M_JOURNAL_INVALID' })
  })

  it.each([
    ['another boot', 'sys/kernel/random/boot_id', 'an earlier boot, whose settings are gone'],
    ['another machine', '../etc/machine-id', 'another host (machine-id 3d1219c7c4c5404aaa1f6d2a48adfda4)']
  ])('of %s', async (_, file, described) => {
    const fake = await abandoned()
    writeFileSync(`${fake.paths.procRoot}/${file}`, 'other\n')
    const refused = {
      code: 'C1M_JOURNAL_FOREIGN',
      message: `the journal '${fake.journal}' is of ${described}; nothing was changed`
    }
    expect(caught(() => restoreAbandoned(fake.paths))).toMatchObject(refused)
    const waiting = new HostSysctls(self, fake.paths).set([max], max, 3000, never)
    await expect(waiting).rejects.toMatchObject(refused)
    expect(fake.read(max)).toBe('1000')
  })

  it('of another network namespace, even of a running lab', async () => {
    const fake = host()
    const { paths, read } = fake
    const elsewhere = () => {
      rmSync(`${paths.procRoot}/self/ns/net`)
      symlinkSync('net:[2]', `${paths.procRoot}/self/ns/net`)
    }
    const living = new HostSysctls(self, paths)
    await living.set([max], max, 1000, never)
    elsewhere()
    const refused = {
      code: 'C1M_JOURNAL_FOREIGN',
      message: expect.stringContaining('another network namespace')
    }
    await expect(new HostSysctls(self, paths).set([max], max, 3000, never)).rejects.toMatchObject(refused)
    // No process can clean up here.
    expect(restoreAbandoned(paths)).toEqual(nothing)
    rmSync(`${paths.procRoot}/${process.pid}`, { recursive: true })
    expect(caught(() => restoreAbandoned(paths))).toMatchObject(refused)
    expect(read(max)).toBe('1000')
  })
})
