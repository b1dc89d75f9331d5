import { copyFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readElf } from '../../../lib/engine/elf.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const addon = fileURLToPath(new URL('../../../build/Release/c1m_native.node', import.meta.url))

it('readElf reads the architecture of this Node and its dynamic linker', () => {
  const elf = readElf(process.execPath)
  expect(elf?.arch).toBe(process.arch)
  expect(elf?.interpreter).toMatch(/^\/[\w./-]*ld-[\w.-]+$/)
})

it('readElf finds no interpreter in a library', () => {
  expect(readElf(addon)).toMatchObject({ arch: process.arch, interpreter: undefined })
})

it('readElf knows the length that the file should have', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'short.node')
  copyFileSync(addon, file)
  const { size } = statSync(file)
  expect(readElf(file)).toMatchObject({ bytes: size, bytesAnnounced: size })
  truncateSync(file, size - 1)
  expect(readElf(file)).toMatchObject({ bytes: size - 1, bytesAnnounced: size })
  truncateSync(file, 100)
  expect(readElf(file)).toBeUndefined()
  truncateSync(file, 0)
  expect(readElf(file)).toBeUndefined()
})

it('readElf refuses a file that is no ELF file', () => {
  expect(readElf(fileURLToPath(import.meta.url))).toBeUndefined()
})
