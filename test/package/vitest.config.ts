import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** What users get: the packed tarball and the prebuilt addons. Needs `npm run build:prebuilds` before, and a registry. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/package/**/*.test.ts'],
    globalSetup: 'test/package/pack.ts',
    pool: 'forks',
    // Times are taken, and each test installs a package or runs thousands of connections.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000
  }
})
