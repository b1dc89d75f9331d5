/** `c1m-native --version`, which needs nothing of the rest. */
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
// Every failure also reaches the callback of the write.
process.stdout.on('error', () => {})
process.stdout.write(`${version}\n`, async (error) => {
  // A reader that has gone wants to hear nothing more.
  if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') return
  const [{ cannotWrite }, { describeFailure }] = await Promise.all([
    import('./write_failure.js'),
    import('./failure.js')
  ])
  const { text, exitCode } = describeFailure(cannotWrite('stdout', error), process.env.C1M_DEBUG === '1')
  process.stderr.write(text)
  process.exitCode = exitCode
})
