import { expect, it } from 'vitest'
import { describeFailure } from '../../../lib/cli/failure.js'
import { type Failure, type LoadSite, loadFailure } from '../../../lib/engine/load_failure.js'

const packageRoot = '/app/node_modules/c1m-native'
const file = `${packageRoot}/prebuilds/linux-x64/c1m-native.glibc.node`
const elf = { arch: 'x64', interpreter: undefined, bytes: 4096, bytesAnnounced: 363_264 }

/** What the command line prints. */
function printed(failure: Failure, site: Partial<LoadSite> = {}): string {
  const here = { packageRoot, arch: 'x64', libc: 'glibc 2.36', node: '24.1.0' }
  return describeFailure(loadFailure(failure, { ...here, ...site }), false).text
}

it('loadFailure advises to reinstall when a file of the package is missing', () => {
  expect(printed({ kind: 'missing', cause: new Error('No native build was found') })).toMatchInlineSnapshot(`
    "c1m-native: the native addon is missing (linux-x64, glibc 2.36, Node 24.1.0). Delete /app/node_modules/c1m-native and install c1m-native again, or compile the addon: node /app/node_modules/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})

it('loadFailure advises to compile when no addon is prebuilt for the platform', () => {
  expect(printed({ kind: 'missing', cause: new Error() }, { arch: 'riscv64' })).toMatchInlineSnapshot(`
    "c1m-native: there is no prebuilt native addon for this platform (linux-riscv64, glibc 2.36, Node 24.1.0). Compile it: node /app/node_modules/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})

it('loadFailure advises to compile in a clone of the repository', () => {
  expect(
    printed({ kind: 'missing', cause: new Error() }, { packageRoot: '/src/c1m-native' })
  ).toMatchInlineSnapshot(`
    "c1m-native: the native addon is missing (linux-x64, glibc 2.36, Node 24.1.0). Compile it: node /src/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})

it('loadFailure reports how much of a truncated file is there', () => {
  expect(printed({ kind: 'flawed', file, elf })).toMatchInlineSnapshot(`
    "c1m-native: the native addon /app/node_modules/c1m-native/prebuilds/linux-x64/c1m-native.glibc.node is damaged: it has 4096 of 363264 bytes (linux-x64, glibc 2.36, Node 24.1.0). Delete /app/node_modules/c1m-native and install c1m-native again, or compile the addon: node /app/node_modules/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})

it('loadFailure reports a file that is no addon', () => {
  expect(printed({ kind: 'flawed', file, elf: undefined })).toMatchInlineSnapshot(`
    "c1m-native: the native addon /app/node_modules/c1m-native/prebuilds/linux-x64/c1m-native.glibc.node is damaged: it does not begin as a 64-bit ELF file does (linux-x64, glibc 2.36, Node 24.1.0). Delete /app/node_modules/c1m-native and install c1m-native again, or compile the addon: node /app/node_modules/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})

it('loadFailure reports an addon compiled on another machine', () => {
  const compiled = `${packageRoot}/build/Release/c1m_native.node`
  expect(
    printed({ kind: 'flawed', file: compiled, elf: { ...elf, arch: 'arm64', bytes: 363_264 } })
  ).toMatchInlineSnapshot(`
    "c1m-native: the native addon /app/node_modules/c1m-native/build/Release/c1m_native.node is made for arm64, not for x64 (linux-x64, glibc 2.36, Node 24.1.0). Compile it again: node /app/node_modules/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})

it('loadFailure passes on the message of the dynamic linker', () => {
  const cause = new Error(`${file}: failed to map segment from shared object\nmore`)
  expect(printed({ kind: 'refused', file, cause })).toMatchInlineSnapshot(`
    "c1m-native: the native addon /app/node_modules/c1m-native/prebuilds/linux-x64/c1m-native.glibc.node does not load: failed to map segment from shared object (linux-x64, glibc 2.36, Node 24.1.0). Delete /app/node_modules/c1m-native and install c1m-native again, or compile the addon: node /app/node_modules/c1m-native/native/build.mjs, which needs cmake, make and a C++20 compiler.
    "
  `)
})
