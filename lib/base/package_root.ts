/** Finds the folder in which this package is installed. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of our package.json: the same for a file in the source tree and for a bundle in dist/. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)))

/**
 * The nearest folder with a package.json, from `folder` upwards.
 * @throws Error if there is none, as in an incomplete installation
 */
export function findPackageRoot(folder: string): string {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    if (existsSync(join(candidate, 'package.json'))) return candidate
    if (candidate === dirname(candidate))
      throw new Error(`c1m-native is not installed completely: no package.json in ${folder} or above`)
  }
}
