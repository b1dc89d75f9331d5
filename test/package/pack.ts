/** Packs once for all tests, as `npm publish` would. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

/** The description of a tarball by `npm pack --json`. */
export interface Packed {
  filename: string
  size: number
  unpackedSize: number
  files: { path: string; size: number; mode: number }[]
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the tarball. */
    tarball: string
    packed: Packed
    /** The tarball's contents, unpacked. */
    unpacked: string
  }
}

export default function setup(project: TestProject): () => void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const directory = mkdtempSync(join(tmpdir(), 'c1m-native-pack-'))
  const printed = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  // The build prints its own output first.
  const start = [...printed.matchAll(/^[[{]$/gm)].at(-1)?.index
  const packed = onlyElement(JSON.parse(printed.slice(start)))
  const tarball = join(directory, packed.filename)
  execFileSync('tar', ['-xzf', tarball, '-C', directory])
  project.provide('tarball', tarball)
  project.provide('packed', packed)
  project.provide('unpacked', join(directory, 'package'))
  return () => rmSync(directory, { recursive: true })
}

/** npm 11 prints a list, npm 12 an object by name. */
function onlyElement(printed: Packed[] | Record<string, Packed>): Packed {
  const [packed] = Object.values(printed)
  if (!packed) throw new Error('npm pack packed nothing')
  return packed
}
