/** Processes that run a piece of this repository's TypeScript, which Node cannot run itself. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

/**
 * Bundles `entry`, a path from the root of the repository, into one file in `folder`; gives its path. Its `node:fs` is an
 * object whose functions can be replaced.
 */
export async function bundled(entry: string, folder: string): Promise<string> {
  const file = join(folder, 'bundled.cjs')
  await build({
    input: fileURLToPath(new URL(`../../${entry}`, import.meta.url)),
    platform: 'node',
    external: [/^node:/],
    transform: { target: 'node20' },
    logLevel: 'silent',
    output: { file, format: 'cjs', codeSplitting: false }
  })
  return file
}
