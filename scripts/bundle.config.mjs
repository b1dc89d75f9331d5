// Few files instead of many: Node takes about a millisecond to find and read a module, and the first SYN waits for each.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'
import { dts } from 'rolldown-plugin-dts'

/**
 * A chunk for each moment of a dial: of all that its roots import statically, and no chunk before it holds. What few runs
 * need loads when they do.
 * @param moments the roots of each, by name
 */
function chunks(moments) {
  const taken = new Set()
  const groups = Object.entries(moments).map(([chunk, roots], place, all) => {
    const needed = new Set()
    const add = (id, graph) => {
      if (taken.has(id)) return
      taken.add(id)
      needed.add(id)
      for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) add(imported, graph)
    }
    const name = (id, graph) => {
      for (const root of roots) add(fileURLToPath(new URL(`../lib/${root}`, import.meta.url)), graph)
      return needed.has(id) ? chunk : null
    }
    // Groups of a higher priority choose first.
    return { debugName: chunk, name, priority: all.length - place }
  })
  return { groups }
}

/** Before the first connection: also what says which listeners of this host had dropped something by then. */
const startup = ['dial/dial.ts', 'engine/sockets.ts']

/** Once the run is judged. */
const judging = ['dial/diagnosis.ts']

/** Leaves out what a check says about its cause: a fifth of their code, only for docs/findings.md, which has its own build. */
const withoutAbout = {
  name: 'without-about',
  transform: {
    filter: { id: /lib\/checks\/causes\/\w+\.ts$/ },
    handler(code) {
      const about = propertiesOf(parseAst(code, { lang: 'ts' })).find(({ key }) => key.name === 'about')
      // The comma after it goes as well.
      return about && code.slice(0, about.start) + code.slice(about.end + 1)
    }
  }
}

/** Those of the objects that are given to the calls a module exports, as in `export const x = defineCheck({ ... })`. */
function propertiesOf({ body }) {
  return body
    .flatMap(({ declaration }) => declaration?.declarations ?? [])
    .flatMap(({ init }) => init?.arguments ?? [])
    .flatMap((argument) => argument.properties ?? [])
}

const common = {
  platform: 'node',
  plugins: [withoutAbout],
  external: [/^node:/, 'tinybench'],
  // Commands load late what startup may hold already; that is no mistake.
  checks: { ineffectiveDynamicImport: false },
  // The oldest Node supported: `using` is lowered.
  transform: { target: 'node20' }
}

const output = {
  // One level below the package's root, where modules look for what lies beside dist/.
  dir: 'dist',
  // The types say the same.
  comments: { jsdoc: false }
}

export default defineConfig([
  {
    ...common,
    input: {
      index: 'lib/index.ts',
      benchmarks: 'bench/index.ts',
      benchmarks_event_loop: 'bench/children/event_loop.ts',
      benchmarks_heap: 'bench/children/heap.ts'
    },
    output: {
      ...output,
      format: 'esm',
      chunkFileNames: '[name].js',
      codeSplitting: chunks({ startup, judging })
    }
  },
  {
    // CommonJS, which Node is done loading some ten milliseconds sooner.
    ...common,
    input: {
      'cli/bin': 'lib/cli/bin.ts',
      'cli/main': 'lib/cli/main.ts',
      // For tests, which run command lines without a process for each.
      'cli/program': 'lib/cli/program.ts',
      'cli/print_version': 'lib/cli/print_version.ts'
    },
    output: {
      ...output,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      codeSplitting: chunks({
        startup: ['cli/program.ts', 'cli/failure.ts', 'cli/commands/dial.ts', ...startup],
        judging,
        // A run whose report is not to be had has a result all the same.
        dial_text: ['report/dial_text.ts']
      })
    }
  },
  {
    // One file of types, of what lib/index.ts exports and nothing else: what tsc has made of each file stays in build/.
    input: { index: 'build/types/index.d.ts' },
    plugins: [dts({ dtsInput: true })],
    external: /^node:/,
    output: { dir: 'dist' }
  }
])
