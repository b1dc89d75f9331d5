/** Finds the addon's file, looks whether it can be loaded here, and loads it. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { assertLinux } from '../base/platform.js'
import { type ElfFacts, elfArchs, readElf } from './elf.js'
import { type Failure, loadFailure } from './load_failure.js'

const require = createRequire(import.meta.url)

/** @throws C1mError C1M_NATIVE_UNAVAILABLE, which says why and what helps */
export function loadAddon(directory: string): unknown {
  const packageRoot = resolve(directory)
  assertLinux()
  let file: string
  try {
    file = nodeGypBuild().resolve(packageRoot)
  } catch (cause) {
    throw failure(packageRoot, { kind: 'missing', cause })
  }
  const attempt = <T>(what: (file: string) => T): T => {
    try {
      return what(file)
    } catch (cause) {
      throw failure(packageRoot, { kind: 'refused', file, cause })
    }
  }
  const elf = attempt(readElf)
  if (isFlawed(elf)) throw failure(packageRoot, { kind: 'flawed', file, elf })
  return attempt(require)
}

/** Loading such a file ends in a signal, or in words only a linker's author understands. */
function isFlawed(elf: ElfFacts | undefined): boolean {
  // 32 bits or big-endian: not for readElf.
  if (!elfArchs.includes(process.arch)) return false
  return elf === undefined || elf.bytes < elf.bytesAnnounced || elf.arch !== process.arch
}

/** node-gyp-build takes every system for one with glibc unless it is Alpine, or told otherwise while it loads. */
function nodeGypBuild(): { resolve(directory: string): string } {
  const told = process.env.LIBC
  if (told === undefined && libcName() === 'musl') process.env.LIBC = 'musl'
  try {
    return require('node-gyp-build')
  } finally {
    if (told === undefined) delete process.env.LIBC
  }
}

/** The C library of this Node: that of the dynamic linker it was started by. Where that cannot be read, the common one. */
function libcName(): 'glibc' | 'musl' {
  try {
    return readElf(process.execPath)?.interpreter?.includes('/ld-musl-') ? 'musl' : 'glibc'
  } catch {
    // Node's file may be replaced while it runs, or be there to execute only.
    return 'glibc'
  }
}

function failure(packageRoot: string, failure: Failure) {
  return loadFailure(failure, {
    packageRoot,
    arch: process.arch,
    libc: `${libcName()} ${glibcVersion()}`.trimEnd(),
    node: process.versions.node
  })
}

function glibcVersion(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime ?? ''
}
