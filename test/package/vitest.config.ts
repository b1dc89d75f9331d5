import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests of the packed tarball and the prebuilt addons. They need `npm run build:prebuilds` first, and a registry. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/package/**/*.test.ts'],
    globalSetup: 'test/package/pack.ts',
    pool: 'forks',
    // One at a time: some measure time, and each installs a package or opens thousands of connections.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000
  }
})
