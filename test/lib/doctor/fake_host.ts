import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { doctorJournal, type Places } from '../../../lib/doctor/places.js'
import { hostJournal } from '../../../lib/host/sysctl/host_journal.js'
import type { JournalPlace } from '../../../lib/host/sysctl/journal_place.js'
import { fakeRoot } from '../host/fake_root.js'

/** The sysctls of the first incident's server, by name. */
export const untuned: Record<string, string> = {
  'fs.file-max': '1100000',
  'fs.file-nr': '1000\t0\t1100000',
  'kernel.osrelease': '6.8.0-45-generic',
  'kernel.random.boot_id': '7a383d13-8d46-4290-9057-ea3c9ab20150',
  'net.core.somaxconn': '128',
  'net.netfilter.nf_conntrack_buckets': '16384',
  'net.netfilter.nf_conntrack_count': '120',
  'net.netfilter.nf_conntrack_max': '65536'
}

const fileOf = (name: string) => `sys/${name.replaceAll('.', '/')}`

/** A fake host made of files: it has only what the test gives it. */
export class FakeHost {
  readonly places: Places

  constructor(sysctls: Record<string, string> = untuned, netNamespace = 'net:[4026531840]') {
    const files = Object.entries(sysctls).map(([name, value]) => [fileOf(name), `${value}\n`])
    const root = fakeRoot({
      ...Object.fromEntries(files.map(([path, text]) => [`proc/${path}`, text])),
      'proc/self/status': 'CapEff:\t0000000000000000\nCpus_allowed_list:\t0-7\n',
      'proc/self/uid_map': '         0          0 4294967295\n',
      'proc/self/limits': 'Max open files            1000000              1000000              files\n',
      'etc/machine-id': '3d1219c7c4c5404aaa1f6d2a48adfda4\n'
    })
    this.places = {
      procRoot: join(root, 'proc'),
      sysRoot: join(root, 'sys'),
      etcRoot: join(root, 'etc'),
      stateFolder: join(root, 'state/c1m-native'),
      labStateFolder: join(root, 'run/c1m-native')
    }
    mkdirSync(join(root, 'proc/self/ns'))
    symlinkSync(netNamespace, join(root, 'proc/self/ns/net'))
  }

  /** The doctor's journal. */
  get place(): JournalPlace {
    return doctorJournal(this.places)
  }

  /** The journal of labs. */
  get labPlace(): JournalPlace {
    return hostJournal({ ...this.places, stateFolder: this.places.labStateFolder })
  }

  get journal(): string {
    return this.place.path
  }

  get(name: string): string {
    return readFileSync(this.path(name), 'utf8').trim()
  }

  set(name: string, value: string): void {
    writeFileSync(this.path(name), `${value}\n`)
  }

  path(name: string): string {
    return join(this.places.procRoot, fileOf(name))
  }

  /** All sysctls that may be changed. */
  values(): Record<string, string> {
    const names = [
      'net.core.somaxconn',
      'net.netfilter.nf_conntrack_buckets',
      'net.netfilter.nf_conntrack_max'
    ]
    return Object.fromEntries(names.map((name) => [name, this.get(name)]))
  }

  /** Writes a journal as another process would have. */
  writeJournal(text: string): void {
    mkdirSync(dirname(this.journal), { recursive: true })
    writeFileSync(this.journal, text)
  }
}
