// The JSON schemas of the results, made from their types: names and what is required from the members, descriptions and
// bounds from their comments. The generator is a package of its own beside this file, installed when it is needed: it
// brings a TypeScript that is not the one of this repository.
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const schemas = [
  {
    path: 'lib/result/result.schema.json',
    id: 'https://schemas.c1m-native.invalid/result-1.json',
    title: 'Result of a c1m-native run',
    source: 'lib/result/result.ts',
    type: 'RunResult'
  },
  {
    path: 'lib/watch/watch-result.schema.json',
    id: 'https://schemas.c1m-native.invalid/watch-result-1.json',
    title: 'Result of c1m-native watch',
    source: 'lib/watch/watch_result.ts',
    type: 'WatchResult'
  }
].map((schema) => ({ path: schema.path, make: () => make(schema) }))

const here = fileURLToPath(new URL('.', import.meta.url))

async function make({ path, id, title, source, type }) {
  install()
  const { createGenerator } = await import('ts-json-schema-generator')
  const generator = createGenerator({
    path: source,
    type,
    tsconfig: 'lib/tsconfig.json',
    // `npm run typecheck` does it, with the compiler of this repository.
    skipTypeCheck: true,
    sortProps: false,
    topRef: false,
    // A reader must accept members that later versions add.
    additionalProperties: true
  })
  const { properties, required, definitions } = generator.createSchema(type)
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: id,
    title,
    description: 'Fields may be added under the same version; none changes its meaning.',
    type: 'object',
    required,
    properties,
    $defs: definitions
  }
  return formatted(path, JSON.stringify(schema, modernized))
}

/** Installs what the lockfile pins, unless it is there already. */
function install() {
  const lock = `${here}package-lock.json`
  const installed = `${here}node_modules/installed-package-lock.json`
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
  copyFileSync(lock, installed)
}

/** A replacer for JSON.stringify: draft 7, which the generator writes, as draft 2020-12. */
function modernized(key, value) {
  if (key === '$ref') return value.replace('#/definitions/', '#/$defs/')
  if (key === 'description' && typeof value === 'string') {
    return value.replace(/\{@link\s+(\S+)\s*\}\s*/g, '`$1` ').trim()
  }
  if (typeof value !== 'object' || value === null) return value
  // The members of a base type come in the order of the alphabet.
  if (value.properties && value.required) {
    return {
      ...value,
      required: Object.keys(value.properties).filter((name) => value.required.includes(name))
    }
  }
  if (Array.isArray(value.items)) {
    const { items, ...rest } = value
    return { ...rest, prefixItems: items }
  }
  return value
}

/** The text as `npm run lint` wants it. */
function formatted(path, text) {
  return execFileSync('node_modules/.bin/biome', ['format', `--stdin-file-path=${path}`], {
    input: text,
    encoding: 'utf8'
  })
}
