/** The error texts for an addon that cannot be loaded: the reason and a remedy. */
import { join, sep } from 'node:path'
import { C1mError } from '../base/errors.js'
import type { ElfFacts } from './elf.js'

export type Failure =
  /** There is no file for this platform. */
  | { kind: 'missing'; cause: unknown }
  /** The file is truncated, made for another machine, or not an addon at all. */
  | { kind: 'flawed'; file: string; elf: ElfFacts | undefined }
  /** The dynamic linker or the addon itself reported an error. */
  | { kind: 'refused'; file: string; cause: unknown }

/** The environment of the failed attempt. */
export interface LoadSite {
  packageRoot: string
  arch: string
  /** Such as `glibc 2.36`. */
  libc: string
  node: string
}

/** The architectures for which `npm run build:prebuilds` makes addons. */
const prebuilt = ['x64', 'arm64']

export function loadFailure(failure: Failure, site: LoadSite): C1mError {
  const place = `linux-${site.arch}, ${site.libc}, Node ${site.node}`
  const compile = `node ${join(site.packageRoot, 'native', 'build.mjs')}, which needs cmake, make and a C++20 compiler`
  const { message, hint, cause } = words(failure, site, compile)
  return new C1mError('C1M_NATIVE_UNAVAILABLE', `${message} (${place})`, { hint, cause })
}

function words(failure: Failure, site: LoadSite, compile: string) {
  const cause = 'cause' in failure ? failure.cause : undefined
  switch (failure.kind) {
    case 'missing':
      return prebuilt.includes(site.arch)
        ? { message: 'the native addon is missing', hint: reinstall(site, compile), cause }
        : {
            message: 'there is no prebuilt native addon for this platform',
            hint: `Compile it: ${compile}`,
            cause
          }
    case 'flawed':
      return { message: flaw(failure, site), hint: remake(failure.file, site, compile), cause }
    case 'refused':
      return {
        message: `the native addon ${failure.file} does not load: ${reason(failure)}`,
        hint: remake(failure.file, site, compile),
        cause
      }
  }
}

function flaw({ file, elf }: { file: string; elf: ElfFacts | undefined }, { arch }: LoadSite): string {
  if (!elf) return `the native addon ${file} is damaged: it does not begin as a 64-bit ELF file does`
  if (elf.bytes < elf.bytesAnnounced)
    return `the native addon ${file} is damaged: it has ${elf.bytes} of ${elf.bytesAnnounced} bytes`
  return `the native addon ${file} is made for ${elf.arch ?? 'another machine'}, not for ${arch}`
}

/** The message of the dynamic linker, without the path it begins with. */
function reason({ file, cause }: { file: string; cause: unknown }): string {
  const [line = ''] = String(cause instanceof Error ? cause.message : cause).split('\n')
  return line.startsWith(`${file}: `) ? line.slice(file.length + 2) : line
}

/** If the file was compiled here, the hint is to compile it again; if it came with the package, to reinstall. */
function remake(file: string, site: LoadSite, compile: string): string {
  return file.startsWith(join(site.packageRoot, 'build') + sep)
    ? `Compile it again: ${compile}`
    : reinstall(site, compile)
}

function reinstall({ packageRoot }: LoadSite, compile: string): string {
  // npm considers a package complete if its folder exists, so the folder must be deleted first.
  return packageRoot.split(sep).includes('node_modules')
    ? `Delete ${packageRoot} and install c1m-native again, or compile the addon: ${compile}`
    : `Compile it: ${compile}`
}
