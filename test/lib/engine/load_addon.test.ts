import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadAddon } from '../../../lib/engine/load_addon.js'
import { caught } from '../../helpers/caught.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const addon = fileURLToPath(new URL('../../../build/Release/c1m_native.node', import.meta.url))
const unavailable = { code: 'C1M_NATIVE_UNAVAILABLE', exitCode: 1 }

let folder: ReturnType<typeof temporaryFolder>
let prebuild: string

beforeEach(() => {
  folder = temporaryFolder()
  const prebuilds = join(folder.path, 'prebuilds', `linux-${process.arch}`)
  mkdirSync(prebuilds, { recursive: true })
  prebuild = join(prebuilds, 'c1m-native.glibc.node')
  copyFileSync(addon, prebuild)
})
afterEach(() => folder[Symbol.dispose]())

it('loadAddon loads the addon prebuilt for the C library of this Node', () => {
  writeFileSync(prebuild.replace('glibc', 'musl'), '')
  expect(loadAddon(folder.path)).toHaveProperty('Run')
})

it('loadAddon works although the file of this Node was removed, as by an upgrade', () => {
  const { execPath } = process
  process.execPath = join(folder.path, 'no-node')
  try {
    expect(loadAddon(folder.path)).toHaveProperty('Run')
  } finally {
    process.execPath = execPath
  }
})

it('loadAddon prefers the addon that was compiled on this host', () => {
  writeFileSync(prebuild, '')
  mkdirSync(join(folder.path, 'build', 'Release'), { recursive: true })
  copyFileSync(addon, join(folder.path, 'build', 'Release', 'c1m_native.node'))
  expect(loadAddon(folder.path)).toHaveProperty('Run')
})

it('loadAddon leaves the environment unchanged', () => {
  const before = { ...process.env }
  loadAddon(folder.path)
  expect(process.env).toEqual(before)
})

it('loadAddon reports that there is no addon', () => {
  expect(caught(() => loadAddon(join(folder.path, 'prebuilds')))).toMatchObject({
    ...unavailable,
    message: expect.stringMatching(
      new RegExp(
        `^the native addon is missing \\(linux-${process.arch}, (glibc|musl).*, Node ${process.versions.node}\\)$`
      )
    )
  })
})

it('loadAddon does not map a truncated file, which would end the process', () => {
  truncateSync(prebuild, 5000)
  expect(caught(() => loadAddon(folder.path))).toMatchObject({
    ...unavailable,
    message: expect.stringContaining(
      `${prebuild} is damaged: it has 5000 of ${readFileSync(addon).length} bytes`
    )
  })
})

it('loadAddon reports an addon for another architecture', () => {
  const other = readFileSync(addon)
  other.writeUInt16LE(process.arch === 'arm64' ? 62 : 183, 18)
  writeFileSync(prebuild, other)
  expect(caught(() => loadAddon(folder.path))).toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/ is made for (arm64|x64), not for (x64|arm64) \(/)
  })
})

it('loadAddon reports a file that cannot be read', () => {
  rmSync(prebuild)
  mkdirSync(prebuild)
  expect(caught(() => loadAddon(folder.path))).toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/ does not load: EISDIR: .* \(linux-/),
    cause: expect.objectContaining({ code: 'EISDIR' })
  })
})

it('loadAddon passes on the error of the system', () => {
  copyFileSync(process.execPath, prebuild)
  expect(caught(() => loadAddon(folder.path))).toMatchObject({
    ...unavailable,
    message: expect.stringMatching(/ does not load: cannot dynamically load .*executable \(/),
    cause: expect.objectContaining({ code: 'ERR_DLOPEN_FAILED' })
  })
})
