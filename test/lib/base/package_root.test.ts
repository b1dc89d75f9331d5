import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findPackageRoot, packageRoot } from '../../../lib/base/package_root.js'

const folder = mkdtempSync(join(tmpdir(), 'c1m-package-root-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('packageRoot', () => {
  it('is the folder with the package.json of c1m-native', () => {
    expect(JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).name).toBe('c1m-native')
  })
})

describe('findPackageRoot', () => {
  it('returns the folder of the nearest package.json', () => {
    const inner = join(folder, 'node_modules', 'inner')
    mkdirSync(join(inner, 'dist', 'cli'), { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{}')
    writeFileSync(join(inner, 'package.json'), '{}')
    expect(findPackageRoot(join(inner, 'dist', 'cli'))).toBe(inner)
  })

  it('reports the missing package.json when no folder up to the root has one', () => {
    expect(() => findPackageRoot('/proc/self')).toThrow(
      'c1m-native is not installed completely: no package.json in /proc/self or above'
    )
  })
})
