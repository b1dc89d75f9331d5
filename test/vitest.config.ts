import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests that open thousands of sockets, wait for the kernel or watch this process's resources: one file at a time. */
const alone = [
  'test/process/**/*.test.ts',
  'test/e2e/**/*.test.ts',
  'test/lib/{dial/dial,engine/engine,engine/native,engine/native_run,engine/native_socket_options,listen/listen}.test.ts'
]

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    globals: false,
    // Processes, not threads: tests change descriptor limits and signals, which belong to a process.
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    coverage: { provider: 'v8', include: ['lib/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'parallel',
          include: ['test/**/*.test.ts'],
          exclude: [...alone, 'test/package/**']
        }
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          fileParallelism: false
        }
      }
    ]
  }
})
