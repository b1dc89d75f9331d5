/** Commands to which the kernel refuses something, as a sandbox does it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where tests that need it can't run: no C++ compiler, or no seccomp filters. */
export const mayRefuse =
  spawnSync('c++', ['--version']).status === 0 && process.arch === 'x64' && process.platform === 'linux'

/** Compiles the program that refuses; dispose of it when done. */
export function compileRefuse(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-refuse-'))
  const path = join(folder, 'refuse')
  execFileSync('c++', ['-std=c++20', '-o', path, fileURLToPath(new URL('refuse.cc', import.meta.url))])
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
