/** Reads and writes sysctls, and lists the ones that are ever written. */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { sysctlFile } from './scopes.js'

/** All sysctls that doctor, labs and the tests of causes write: a journal that names any other is not ours. */
const written: ReadonlySet<string> = new Set([
  'fs.file-max',
  'fs.nr_open',
  'net.core.somaxconn',
  'net.ipv4.tcp_max_orphans',
  'net.ipv4.tcp_max_tw_buckets',
  'net.ipv4.tcp_mem',
  'net.netfilter.nf_conntrack_buckets',
  'net.netfilter.nf_conntrack_max'
])

/** Whether we ever write this sysctl, so that a journal may name it. */
export function isWritten(name: string): boolean {
  return written.has(name)
}

/** Whether the value has the form of the sysctls we write: numbers separated by spaces. */
export function isSysctlValue(text: unknown): boolean {
  return typeof text === 'string' && /^\d{1,20}( \d{1,20}){0,2}$/.test(text)
}

/** The value of a sysctl with normalized white space. @throws the errno error of the read */
export function readSysctl(name: string, procRoot: string): string {
  return evenOut(readFileSync(sysctlPath(name, procRoot), 'latin1'))
}

/**
 * Sets a sysctl. Never creates the file, so that writing a sysctl that no longer exists fails.
 * @throws the errno error of the write
 */
export function writeSysctl(name: string, value: string, procRoot: string): void {
  const descriptor = openSync(sysctlPath(name, procRoot), constants.O_WRONLY | constants.O_TRUNC)
  try {
    writeSync(descriptor, `${value}\n`)
  } finally {
    closeSync(descriptor)
  }
}

export function sysctlPath(name: string, procRoot: string): string {
  return `${procRoot}/sys/${sysctlFile(name)}`
}

/** Removes white space at the ends and replaces white space within by single spaces. */
export function evenOut(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}
