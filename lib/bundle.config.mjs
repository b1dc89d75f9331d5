// Few files instead of many: Node takes about a millisecond to find and read a module, and the first SYN waits for each.
import { defineConfig } from 'rolldown'

/** What a dial needs before its first connection, as one chunk; judging, reports and other commands load when needed. */
const startup =
  /\/lib\/(?!labs\/|address_bytes|census|drops|sampler|sockets|watch|host\/(btf|drop|kernel_symbols|socket_owner)|checks\/|report\/|diagnosis|listen|index|plan|needs|doctor|host\/facts_file|cli\/bin|cli\/main|cli\/version|cli\/help|cli\/listen|cli\/tables\/(?!dial|output)|cli\/completion|cli\/live_view|cli\/watch|cli\/commands\/(?!dial))[\w./]+\.ts$/

export default defineConfig({
  input: {
    index: 'lib/index.ts',
    'cli/bin': 'lib/cli/bin.ts',
    'cli/main': 'lib/cli/main.ts',
    'cli/version': 'lib/cli/version.ts'
  },
  platform: 'node',
  external: /^node:/,
  // Commands load late what startup may hold already; that is no mistake.
  checks: { ineffectiveDynamicImport: false },
  // The oldest Node supported: `using` is lowered.
  transform: { target: 'node20' },
  output: {
    dir: 'dist',
    format: 'esm',
    // One level below the package's root, where modules look for what lies beside dist/.
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'startup', test: startup, maxSize: Number.MAX_SAFE_INTEGER }] }
  }
})
