/** Reads from an ELF header whether this process can load the file, and which C library a program uses. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

export interface ElfFacts {
  /** `process.arch` of the machine the file is made for; undefined if this package has no name for it. */
  readonly arch: string | undefined
  /** The dynamic linker the file asks for, such as `/lib64/ld-linux-x86-64.so.2`; undefined in a library. */
  readonly interpreter: string | undefined
  /** Length of the file, and the length that its headers announce. Mapping a shorter file kills the process. */
  readonly bytes: number
  readonly bytesAnnounced: number
}

/** e_machine (elf.h) of the 64-bit little-endian machines that Node is built for. */
const machines: Readonly<Record<number, string>> = {
  21: 'ppc64',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64'
}

/** The values of `process.arch` whose files {@link readElf} can read. */
export const elfArchs: readonly string[] = Object.values(machines)

const fileHeaderBytes = 64
const programHeaderBytes = 56
const typeInterpreter = 3

/** Undefined if the file is not a 64-bit little-endian ELF file, or ends within its headers. @throws as node:fs does */
export function readElf(path: string): ElfFacts | undefined {
  const file = openSync(path, 'r')
  try {
    return parse(file)
  } finally {
    closeSync(file)
  }
}

function parse(file: number): ElfFacts | undefined {
  const header = read(file, 0, fileHeaderBytes)
  // Magic, ELFCLASS64, ELFDATA2LSB.
  if (header?.readUInt32BE(0) !== 0x7f454c46 || header.readUInt16BE(4) !== 0x0201) return undefined
  const sections = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60)
  const programs = Number(header.readBigUInt64LE(32))
  let bytesAnnounced = sections
  let interpreter: string | undefined
  for (let i = 0; i < header.readUInt16LE(56); i++) {
    const program = read(file, programs + i * programHeaderBytes, programHeaderBytes)
    if (!program) return undefined
    const offset = Number(program.readBigUInt64LE(8))
    const bytes = Number(program.readBigUInt64LE(32))
    bytesAnnounced = Math.max(bytesAnnounced, offset + bytes)
    // The last byte of the segment is the 0 of a C string.
    if (program.readUInt32LE(0) === typeInterpreter) interpreter = read(file, offset, bytes - 1)?.toString()
  }
  return { arch: machines[header.readUInt16LE(18)], interpreter, bytes: fstatSync(file).size, bytesAnnounced }
}

function read(file: number, position: number, bytes: number): Buffer | undefined {
  const buffer = Buffer.alloc(bytes)
  return readSync(file, buffer, 0, bytes, position) === bytes ? buffer : undefined
}
