/** Sysctls of a fake host made of files, which labs change. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { thisProcess } from '../../../../lib/host/process_identity.js'
import { HostSysctls } from '../../../../lib/labs/sandbox/host_sysctls.js'
import { fakeRoot } from '../../host/fake_root.js'

export const max = 'net.netfilter.nf_conntrack_max'
export const buckets = 'net.netfilter.nf_conntrack_buckets'
export const never: AbortSignal = new AbortController().signal
export const nothing = { sysctls: {}, gone: [] }

/** The owner is a process that has ended. */
export const dead = { pid: 4194305, startTicks: 1 }

/** A separate fake host, on which this process runs. */
export function host() {
  const root = fakeRoot({
    'proc/sys/net/netfilter/nf_conntrack_max': '262144\n',
    'proc/sys/net/netfilter/nf_conntrack_buckets': '65536\n',
    'proc/sys/kernel/core_pattern': 'core\n',
    'proc/sys/kernel/random/boot_id': '7a383d13-8d46-4290-9057-ea3c9ab20150\n',
    'etc/machine-id': '3d1219c7c4c5404aaa1f6d2a48adfda4\n'
  })
  const procRoot = `${root}/proc`
  mkdirSync(`${procRoot}/self/ns`, { recursive: true })
  symlinkSync('net:[1]', `${procRoot}/self/ns/net`)
  const paths = { procRoot, etcRoot: `${root}/etc`, stateFolder: `${root}/run/c1m-native` }
  const pathOf = (name: string) => `${procRoot}/sys/${name.replaceAll('.', '/')}`
  const lives = (pid: number) => {
    mkdirSync(`${procRoot}/${pid}`)
    writeFileSync(`${procRoot}/${pid}/stat`, readFileSync(`/proc/${pid}/stat`))
  }
  lives(process.pid)
  return {
    paths,
    lives,
    pathOf,
    journal: `${paths.stateFolder}/host-sysctls.json`,
    read: (name: string) => readFileSync(pathOf(name), 'utf8').trim(),
    write: (name: string, value: string) => writeFileSync(pathOf(name), `${value}\n`),
    /** The files in the folder of the journal. */
    files: () => (existsSync(paths.stateFolder) ? readdirSync(paths.stateFolder) : [])
  }
}

export type Host = ReturnType<typeof host>

export function writeJournal({ paths, journal }: Host, content: unknown): void {
  mkdirSync(paths.stateFolder, { recursive: true })
  writeFileSync(journal, typeof content === 'string' ? content : JSON.stringify(content))
}

/** The state a killed run leaves: both are changed. */
export async function abandoned(): Promise<Host> {
  const fake = host()
  const sysctls = new HostSysctls(dead, fake.paths)
  await sysctls.set([max, buckets], max, 1000, never)
  await sysctls.set([max, buckets], buckets, 512, never)
  return fake
}

export const self = thisProcess()
