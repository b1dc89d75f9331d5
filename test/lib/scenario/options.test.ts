/** Options that the public functions accept from a library caller, and those they refuse. */
import { describe, expect, it } from 'vitest'
import { C1mError, dial, doctor, listen, plan, revertDoctor, watch } from '../../../lib/index.js'
import { dialChecks, listenChecks, snapshotPeriodMs } from '../../../lib/scenario/options.js'
import { resolveDial } from '../../../lib/scenario/scenario.js'
import { caught } from '../../helpers/caught.js'

/** Each function, as a promise that rejects. */
const functions: Record<string, (options: never) => Promise<unknown>> = {
  dial: (options) => dial(options).result,
  listen,
  plan,
  doctor,
  watch
}

const invalid = (message: string) => ({ name: 'C1mError', code: 'C1M_OPTION_INVALID', message, exitCode: 2 })

describe.each(Object.entries(functions))('%s', (name, call) => {
  it.each([
    ['targts', ['127.0.0.1:9'], 'targets'],
    ['target', ['127.0.0.1:9'], 'targets']
  ])('refuses the option %s and names the nearest', async (option, value, near) => {
    await expect(call({ [option]: value } as never)).rejects.toMatchObject({
      ...invalid(`${name} has no option '${option}'`),
      hint: `Did you mean ${near}?`
    })
  })

  it.each([null, 5, 'options', [[]], Symbol('s'), 5n])('refuses %o as options', async (options) => {
    await expect(call(options as never)).rejects.toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: expect.stringMatching(
        new RegExp(`^the options of ${name} are .+, and must be a plain object$`)
      )
    })
  })

  it.each<[unknown, string]>([
    ['127.0.0.1:9', "targets is '127.0.0.1:9', and must be a list of texts"],
    [{ 0: '127.0.0.1:9', length: 1 }, 'targets is an object, and must be a list of texts'],
    [new Array(1), 'targets[0] is undefined, and must be a text'],
    [[Symbol('s')], 'targets[0] is a symbol, and must be a text'],
    [[5n], 'targets[0] is 5n, and must be a text'],
    [null, 'targets is null, and must be a list of texts']
  ])('refuses the targets %o', async (targets, message) => {
    await expect(call({ targets } as never)).rejects.toMatchObject(invalid(message))
  })

  it('reports the error of a getter as the cause', async () => {
    const cause = new TypeError('no')
    const options = {
      get targets() {
        throw cause
      }
    }
    await expect(call(options as never)).rejects.toMatchObject({
      ...invalid('targets cannot be read'),
      cause
    })
  })
})

describe('dial', () => {
  it('refuses a misspelled connections option instead of dialing 10,000', async () => {
    const run = dial({ conections: 5 } as never)
    const refusal = { ...invalid("dial has no option 'conections'"), hint: 'Did you mean connections?' }
    await expect(run.started).rejects.toMatchObject(refusal)
    await expect(run.result).rejects.toMatchObject(refusal)
    await expect(run.census()).rejects.toMatchObject(refusal)
  })

  it.each(['authorized', 'census', 'churn'])('accepts only a boolean for %s', async (option) => {
    for (const value of ['false', 'true', 0, 1, null, new Boolean(false)]) {
      const options = { targets: ['8.8.8.8:53'], [option]: value } as never
      await expect(resolveDial(options)).rejects.toMatchObject({
        code: 'C1M_OPTION_INVALID',
        message: expect.stringMatching(new RegExp(`^${option} is .+, and must be true or false$`))
      })
    }
  })

  it.each([...Object.keys(dialChecks)])(
    'refuses a symbol, a list of lists and an object for %s',
    async (option) => {
      const shy = {
        toString() {
          throw new Error('called')
        }
      }
      for (const value of [Symbol('s'), [[]], shy, null]) {
        const refused = (await dial({ [option]: value } as never).result.catch((error) => error)) as C1mError
        expect(refused).toBeInstanceOf(C1mError)
        expect(refused.message).toMatch(new RegExp(`^${option}(\\[0\\])? is `))
      }
    }
  )

  it('refuses more endpoints than the engine supports, at once, as plan does', async () => {
    const targets = Array.from({ length: 298 }, (_, i) => `127.1.${i >> 8}.${i & 255}:1-65535`)
    const refusal = {
      code: 'C1M_TARGET_INVALID',
      message: 'the targets are 19,529,430 pairs of address and port, and may be at most 16,777,215'
    }
    await expect(dial({ targets, connections: 1 }).result).rejects.toMatchObject(refusal)
    await expect(plan({ targets, connections: 1 })).rejects.toMatchObject(refusal)
    await expect(listen({ targets })).rejects.toMatchObject(refusal)
  })

  it('samples at most all connections', async () => {
    expect(await resolveDial({ connections: 10, sample: 2_000_000_000 })).toMatchObject({ sample: 10 })
    expect(await resolveDial({ connections: 10, sample: 3 })).toMatchObject({ sample: 3 })
  })

  it('does not mistake the names of object properties for interfaces', async () => {
    for (const source of ['constructor', '__proto__', 'toString'])
      await expect(resolveDial({ source: [source] })).rejects.toMatchObject({ code: 'C1M_SOURCE_INVALID' })
  })

  it('refuses a quantity with too many digits', async () => {
    await expect(resolveDial({ ramp: `0:${'1'.repeat(10_000_000)}` })).rejects.toMatchObject({
      code: 'C1M_RATE_INVALID',
      message: expect.stringMatching(/^ramp rate: '1{100}\.\.\.' \(10000000 characters\) is too long$/)
    })
  })
})

describe('listen', () => {
  it('refuses an empty list of addresses', async () => {
    await expect(listen({ targets: [] })).rejects.toMatchObject({
      code: 'C1M_TARGET_INVALID',
      message: 'targets names no address to listen on'
    })
  })

  it.each(Object.keys(listenChecks))('refuses a symbol for %s', async (option) => {
    await expect(listen({ [option]: Symbol('s') } as never)).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`^${option} is a symbol, and must be `))
    })
  })
})

describe('snapshots', () => {
  it.each([0, -1, Number.NaN, 'x', null, Number.POSITIVE_INFINITY])(
    'refuses a period of %o when it is called',
    async (everyMs) => {
      const options = { everyMs } as never
      const refusal = { code: 'C1M_OPTION_INVALID', message: expect.stringMatching(/^everyMs is /) }
      await using server = await listen({ workers: 1 })
      expect(caught(() => server.snapshots(options))).toMatchObject(refusal)
      await using run = dial({ targets: server.targets, connections: 1 })
      expect(caught(() => run.snapshots(options))).toMatchObject(refusal)
      await expect(watch(options)).rejects.toMatchObject(refusal)
    }
  )

  it('refuses an unknown option', () => {
    expect(caught(() => snapshotPeriodMs({ everyS: 1 } as never))).toMatchObject({
      message: "snapshots has no option 'everyS'"
    })
  })

  it('gives four per second by default', () => {
    expect([snapshotPeriodMs(), snapshotPeriodMs({}), snapshotPeriodMs({ everyMs: 16.6 })]).toEqual([
      250, 250, 16.6
    ])
  })
})

describe('plan', () => {
  const deep = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)

  it.each<[unknown, string]>([
    [null, 'facts: this is null, and must be a JSON object'],
    [deep(9000), 'facts: this is a list, and must be a JSON object'],
    [{ tcp: deep(9000) }, 'facts: tcp is a list, and must be an object'],
    [{ tcp: { somaxconn: 5n } }, 'facts: tcp.somaxconn is 5n, and must be a whole number'],
    [{ tcp: Symbol('s') }, 'facts: tcp is a symbol, and must be an object'],
    [
      // biome-ignore lint/suspicious/noSparseArray: what is refused
      { ports: { reserved: [[1, 2], , [5, 6]] } },
      'facts: ports.reserved is [[1,2],null,[5,6]], and must be a list of port ranges, [[first, last], ...]'
    ],
    [{ 'a\u001b[2J': 1 }, "facts: 'a\\x1b[2J' is not a fact of a host"]
  ])('refuses the facts %#', async (facts, message) => {
    await expect(plan({ facts } as never)).rejects.toMatchObject({ code: 'C1M_FACTS_INVALID', message })
  })

  it('reports the error of a getter in the facts as the cause', async () => {
    const cause = new Error('no')
    const facts = {
      get tcp() {
        throw cause
      }
    }
    await expect(plan({ facts } as never)).rejects.toMatchObject({ code: 'C1M_FACTS_INVALID', cause })
  })

  it('accepts the options of a dial, including its signal', async () => {
    const reason = new Error('stop')
    expect(await plan({ connections: 5, signal: new AbortController().signal })).toMatchObject({ fits: true })
    await expect(plan({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

describe('revertDoctor', () => {
  it.each([
    [null, 'the options of places are null, and must be a plain object'],
    [{ procRoot: 5 }, 'procRoot is 5, and must be a text'],
    [{ root: '/' }, "places has no option 'root'"]
  ])('refuses the places %o', (places, message) => {
    expect(caught(() => revertDoctor(places as never))).toMatchObject(invalid(message))
  })
})
