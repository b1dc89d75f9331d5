// `npm run test:causes`: every cause provoked on the real kernel, twice in a row and once beside busy loops that take each
// CPU. The tests compare the exact names, so three passes mean three times the same names.
import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const busyLoops = Math.max(2, availableParallelism())

function pass(title) {
  console.log(`== ${title}`)
  const args = [
    'run',
    '--config',
    'test/vitest.config.ts',
    'test/e2e/causes',
    'test/e2e/phantoms.test.ts',
    'test/e2e/nat_time_wait.test.ts'
  ]
  const { status } = spawnSync('node_modules/.bin/vitest', args, { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}

pass('the first time')
pass('the second time')
const loops = Array.from({ length: busyLoops }, () => spawn(process.execPath, ['-e', 'for (;;);']))
try {
  pass(`beside ${busyLoops} busy loops`)
} finally {
  for (const loop of loops) loop.kill('SIGKILL')
}
