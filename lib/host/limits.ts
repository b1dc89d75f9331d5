import { type Limit, type ProcReader, parseInteger } from './proc_reader.js'

/** Limits on descriptors and threads. */
export interface LimitFacts {
  /** RLIMIT_NOFILE of this process: limits each descriptor table. */
  nofileSoft: Limit | null
  nofileHard: Limit | null
  /** `fs.nr_open`: the highest value for RLIMIT_NOFILE. Of the whole host. */
  nrOpen: number | null
  /** `fs.file-max`: limit of open files on the whole host. Does not apply to processes with CAP_SYS_ADMIN. */
  fileMax: number | null
  /** Open files of the whole host now, from `fs.file-nr`. */
  filesOpen: number | null
  /** `kernel.pid_max` and `kernel.threads-max`: limits of threads on the whole host. */
  pidMax: number | null
  threadsMax: number | null
}

export function readLimitFacts(proc: ProcReader): LimitFacts {
  const nofile = proc.parse('self/limits', parseNofile)
  // proc(5): allocated, free (always 0 since 2.6), maximum.
  const files = proc.integers('sys/fs/file-nr', 3)
  return {
    nofileSoft: nofile?.soft ?? null,
    nofileHard: nofile?.hard ?? null,
    nrOpen: proc.integer('sys/fs/nr_open'),
    fileMax: proc.integer('sys/fs/file-max'),
    filesOpen: files?.[0] ?? null,
    pidMax: proc.integer('sys/kernel/pid_max'),
    threadsMax: proc.integer('sys/kernel/threads-max')
  }
}

function parseNofile(text: string): { soft: Limit; hard: Limit } | null {
  const match = /^Max open files\s+(\S+)\s+(\S+)/m.exec(text)
  const soft = parseLimit(match?.[1])
  const hard = parseLimit(match?.[2])
  return soft === null || hard === null ? null : { soft, hard }
}

function parseLimit(text: string | undefined): Limit | null {
  return text === 'unlimited' ? text : parseInteger(text)
}
