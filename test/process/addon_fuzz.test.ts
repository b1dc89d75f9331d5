import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ending } from '../cli/run_cli.js'
import { ownAddress } from '../helpers/loopback.js'

const script = fileURLToPath(new URL('../helpers/addon_fuzz.mjs', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The same seed makes the same calls; C1M_FUZZ_SEED repeats a failed batch, C1M_FUZZ_ROUNDS runs longer. */
const seed = Number(process.env.C1M_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const rounds = Number(process.env.C1M_FUZZ_ROUNDS ?? 48_000)

/** Runs the calls in another process. */
const batch = 8000

/** After this time a batch counts as hanging. */
const hangsMs = 60_000

describe(`the raw addon, called at random (C1M_FUZZ_SEED=${seed})`, () => {
  const seeds = Array.from({ length: Math.ceil(rounds / batch) }, (_, i) => seed + i)

  it.each(seeds)(
    'throws only errors, and neither crashes nor hangs: batch %i',
    async (batchSeed) => {
      const child = spawn(
        process.execPath,
        ['--expose-gc', script, root, String(batchSeed), String(batch), ownAddress()],
        { stdio: ['ignore', 'pipe', 'pipe'], timeout: hangsMs, killSignal: 'SIGKILL' }
      )
      const { code, signal, stdout, stderr } = await ending(child)
      const again = `again with C1M_FUZZ_SEED=${batchSeed} C1M_FUZZ_ROUNDS=${batch}`
      expect({ code, signal, stderr }, again).toEqual({ code: 0, signal: null, stderr: '' })
      expect(JSON.parse(stdout), again).toMatchObject({ TypeError: expect.any(Number) })
    },
    2 * hangsMs
  )
})
