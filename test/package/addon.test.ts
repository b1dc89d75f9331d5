import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'

const unpacked = inject('unpacked')
const root = fileURLToPath(new URL('../..', import.meta.url))

/** glibc of 2012; the oldest Node supported needs 2.28. */
const glibcFloor = [2, 17]
const glibcLibraries = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2']

const addons = [
  { name: 'linux-x64/c1m-native.glibc.node', libraries: [...glibcLibraries, 'ld-linux-x86-64.so.2'] },
  { name: 'linux-x64/c1m-native.musl.node', libraries: ['libc.so'] },
  { name: 'linux-arm64/c1m-native.glibc.node', libraries: [...glibcLibraries, 'ld-linux-aarch64.so.1'] },
  { name: 'linux-arm64/c1m-native.musl.node', libraries: ['libc.so'] }
]

function readelf(file: string, ...options: string[]): string {
  return execFileSync('readelf', ['--wide', ...options, file], { encoding: 'utf8', maxBuffer: 2 ** 28 })
}

/** The first group of each match. */
function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}

describe.each(addons)('$name', ({ name, libraries }) => {
  const file = join(unpacked, 'prebuilds', name)
  const dynamic = readelf(file, '--dynamic')
  const symbols = readelf(file, '--dyn-syms')

  it('needs no library but the C library', () => {
    const needed = all(dynamic, /\(NEEDED\).*\[(.+)\]/g)
    expect(needed).not.toEqual([])
    expect(needed.filter((library) => !libraries.includes(library))).toEqual([])
    expect(dynamic).not.toMatch(/RPATH|RUNPATH/)
  })

  it('needs no symbol newer than glibc 2.17', () => {
    const versions = [...new Set(all(symbols, /@GLIBC_([\d.]+)/g))].map((version) =>
      version.split('.').map(Number)
    )
    if (name.includes('musl')) return expect(versions).toEqual([])
    expect(versions).not.toEqual([])
    const [major = 0, minor = 0] = glibcFloor
    expect(versions.filter(([a = 0, b = 0]) => a > major || (a === major && b > minor))).toEqual([])
    expect(symbols).not.toMatch(/GLIBCXX|CXXABI/)
  })

  it('exports what Node looks for, and nothing else', () => {
    const exported = symbols
      .split('\n')
      .filter((line) => /\bGLOBAL|WEAK\b/.test(line) && !/\bUND\b/.test(line))
    expect(exported.map((line) => line.trim().split(/\s+/).at(-1)).sort()).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1'
    ])
  })

  it('stays loaded, because exit destructors of its threads may still be pending', () => {
    expect(dynamic).toMatch(/FLAGS_1.*NODELETE/)
  })

  it('is stripped, and contains no path of the build machine', () => {
    expect(readelf(file, '--sections')).not.toMatch(/\.debug_|\.symtab/)
    const text = readFileSync(file, 'latin1')
    expect(all(text, /([\w./-]*\/(?:home|root|tmp|Users|node_modules)\/[\w./-]+)/g)).toEqual([])
    expect(text).not.toContain(root)
  })

  it('has its symbols in a separate file, with paths relative to the root of the sources', () => {
    const symbolFile = join(root, 'build/debug-symbols', `${name}.debug`)
    const address = (text: string) => /(\w+) +\d+ FUNC .* napi_register_module_v1$/m.exec(text)?.[1]
    expect(address(readelf(symbolFile, '--symbols'))).toBe(address(symbols))
    const lines = execFileSync('addr2line', ['-e', symbolFile, `0x${address(symbols)}`], { encoding: 'utf8' })
    expect(lines).toMatch(/^\.\/(native\/binding|node_modules\/node-addon-api)\/[\w./]+:\d+/)
  })
})
