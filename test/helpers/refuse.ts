/** Runs commands for which the kernel refuses a system call, as in a sandbox. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** False without a C++ compiler or seccomp filters: tests that need them are skipped then. */
export const mayRefuse =
  spawnSync('c++', ['--version']).status === 0 && process.arch === 'x64' && process.platform === 'linux'

/** Compiles the program that refuses; dispose of it when done. */
export function compileRefuse(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-refuse-'))
  const path = join(folder, 'refuse')
  execFileSync('c++', ['-std=c++20', '-o', path, fileURLToPath(new URL('refuse.cc', import.meta.url))])
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
