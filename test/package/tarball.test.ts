import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { temporaryFolder } from '../helpers/temporary.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const unpacked = inject('unpacked')
const { files, size, unpackedSize } = inject('packed')
const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))

/** Everything a user needs: to run, to type-check, to read, to compile. */
const wanted = [
  /^bench\/(net\/\w+\.mjs|yardstick\/\w+\.c)$/,
  /^dist\/([\w/-]+\.c?js|index\.d\.ts)$/,
  /^lib\/[\w-]+\.schema\.json$/,
  /^prebuilds\/linux-(x64|arm64)\/c1m-native\.(glibc|musl)\.node$/,
  /^prebuilds\/SHA256SUMS$/,
  /^native\/[\w/]+\.(cc|h)$/,
  /^native\/(exports\.map|build\.mjs)$/,
  /^(CMakeLists\.txt|docs\/c1m-native\.1|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/
]

describe('the tarball', () => {
  it('contains what a user needs and nothing else', () => {
    const paths = files.map(({ path }) => path)
    expect(paths.filter((path) => !wanted.some((pattern) => pattern.test(path)))).toEqual([])
    expect(wanted.filter((pattern) => !paths.some((path) => pattern.test(path)))).toEqual([])
    expect(paths.filter((path) => path.endsWith('.node'))).toHaveLength(4)
  })

  it('stays below 1.2 MB packed and 3.5 MB unpacked', () => {
    console.log(`${files.length} files, ${size} bytes packed, ${unpackedSize} bytes unpacked`)
    expect(size).toBeLessThan(1.2e6)
    expect(unpackedSize).toBeLessThan(3.5e6)
  })

  it('contains each file that its package.json names', () => {
    const { exports, bin, man } = manifest
    const paths: string[] = [exports, bin, man].flatMap((entry) => leaves(entry))
    expect(paths.filter((path) => !existsSync(join(unpacked, path)))).toEqual([])
  })

  it('runs no script when it is installed', () => {
    const { scripts } = manifest
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([])
    expect(existsSync(join(unpacked, 'binding.gyp'))).toBe(false)
  })

  it('contains checksums of its addons and their sources that sha256sum verifies', () => {
    execFileSync('sha256sum', ['--check', '--quiet', '--strict', 'prebuilds/SHA256SUMS'], { cwd: unpacked })
  })
})

/** The strings in a value of any depth. */
function leaves(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(leaves)
}

describe('packing', () => {
  it.each([
    [
      'without prebuilt addons',
      (copy: string) => rmSync(join(copy, 'prebuilds'), { recursive: true }),
      ' is missing'
    ],
    [
      'without one of them',
      (copy: string) => rmSync(join(copy, 'prebuilds/linux-arm64/c1m-native.musl.node')),
      'prebuilds/linux-arm64/c1m-native.musl.node is missing'
    ],
    [
      'with addons made from other sources',
      (copy: string) => appendFileSync(join(copy, 'native/engine/run/run.cc'), '//\n'),
      'not made from these sources'
    ]
  ])('fails %s', (_, spoil, reason) => {
    using copy = temporaryFolder()
    for (const path of ['.ci/prebuild', 'CMakeLists.txt', 'native', 'package.json', 'prebuilds']) {
      cpSync(join(root, path), join(copy.path, path), { recursive: true })
    }
    const pack = () => execFileSync('npm', ['pack', '--dry-run'], { cwd: copy.path, stdio: 'pipe' })
    spoil(copy.path)
    expect(pack).toThrow(reason)
    expect(pack).toThrow('run npm run build:prebuilds before packing')
  })
})
