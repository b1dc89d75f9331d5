/** What `lab clean` did as text. Pure. */
import { page } from '../../report/layout.js'
import type { Cleaned } from '../sandbox/clean.js'

export function cleanedText({ namespaces, pids, sysctls, gone }: Omit<Cleaned, 'schema'>): string {
  const done = [
    ...namespaces.map((name) => `removed namespace ${name}`),
    ...pids.map((pid) => `ended process ${pid}`),
    ...Object.entries(sysctls).map(([name, value]) => `restored ${name} to ${value}`),
    ...gone.map((name) => `${name} is gone with its module: nothing to restore`)
  ]
  return page(done.length === 0 ? ['nothing was left behind'] : done)
}
