// The suite imports the library's own modules, so it is bundled like the library: Node 20 runs no TypeScript.
import { defineConfig } from 'rolldown'

export default defineConfig({
  input: {
    bench: 'bench/index.ts',
    bench_event_loop: 'bench/children/event_loop.ts',
    bench_heap: 'bench/children/heap.ts'
  },
  platform: 'node',
  external: [/^node:/, 'tinybench'],
  checks: { ineffectiveDynamicImport: false },
  transform: { target: 'node20' },
  // build/ lies one level below the package's root, as dist/ does: that is where lib/native.ts looks for the addon.
  output: { dir: 'build', format: 'esm', chunkFileNames: '[name].js' }
})
