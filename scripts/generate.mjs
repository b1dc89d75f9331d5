// `npm run generate`: makes the files of this repository that follow from its code. With `--check` it writes nothing, and
// fails if one of them is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import { schemas } from './schema/schemas.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const isCheck = process.argv.includes('--check')

for (const { path, make } of [...(await pages()), ...schemas]) {
  const current = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const made = await make(current)
  if (made === current) continue
  if (isCheck) {
    console.error(`${path} is out of date: run npm run generate`)
    process.exitCode = 1
  } else {
    writeFileSync(path, made)
    console.log(`generate: ${path}`)
  }
}

/** The pages are made by TypeScript, which Node cannot run as it is. */
async function pages() {
  const file = join(process.cwd(), 'build/pages.mjs')
  await build({
    input: 'scripts/pages/index.ts',
    platform: 'node',
    external: [/^node:/, /^rolldown($|\/)/],
    transform: { target: 'node20' },
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false },
    output: { file, format: 'esm', codeSplitting: false }
  })
  return (await import(file)).pages
}
