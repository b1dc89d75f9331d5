/** Finds the addon's file, checks whether it can be loaded here, and loads it. */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { assertLinux } from '../base/platform.js'
import { type ElfFacts, elfArchs, readElf } from './elf.js'
import { type Failure, loadFailure } from './load_failure.js'

const require = createRequire(import.meta.url)

/** @throws C1mError C1M_NATIVE_UNAVAILABLE with the reason and a remedy */
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

/** Loading such a file kills the process with a signal, or fails with an obscure message of the linker. */
function isFlawed(elf: ElfFacts | undefined): boolean {
  // readElf cannot read the files of 32-bit or big-endian machines.
  if (!elfArchs.includes(process.arch)) return false
  return elf === undefined || elf.bytes < elf.bytesAnnounced || elf.arch !== process.arch
}

/** node-gyp-build assumes glibc unless the system is Alpine or LIBC is set while node-gyp-build loads. */
function nodeGypBuild(): { resolve(directory: string): string } {
  const told = process.env.LIBC
  if (told === undefined && libcName() === 'musl') process.env.LIBC = 'musl'
  try {
    return require('node-gyp-build')
  } finally {
    if (told === undefined) delete process.env.LIBC
  }
}

/** The C library of this Node, told by its dynamic linker; glibc if that cannot be read. */
function libcName(): 'glibc' | 'musl' {
  try {
    return readElf(process.execPath)?.interpreter?.includes('/ld-musl-') ? 'musl' : 'glibc'
  } catch {
    // Node's file may be replaced while it runs, or be executable but not readable.
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
