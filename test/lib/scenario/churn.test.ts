import { describe, expect, it } from 'vitest'
import { checkChurn } from '../../../lib/scenario/churn.js'
import { caught } from '../../helpers/caught.js'

type Options = Parameters<typeof checkChurn>[0]

describe('checkChurn', () => {
  it.each<[Options, boolean, boolean]>([
    [{}, false, true],
    [{ everyMs: 1, holdMs: 1 }, true, true],
    [{ exchangeTimeoutMs: 1 }, true, false],
    [{ closeBy: 'client' }, false, false],
    [{ churn: true }, false, true],
    [{ churn: true }, true, true],
    [{ churn: true, keepGoing: true }, true, false],
    [{ churn: true, closeBy: 'server' }, false, true],
    [{ churn: true, closeBy: 'server', exchangeTimeoutMs: 1 }, false, false],
    [{ churn: true, closeBy: 'server' }, true, false]
  ])('accepts %o with exchange %s and self-dial %s', (options, talks, isSelf) => {
    expect(checkChurn(options, talks, isSelf)).toBeUndefined()
  })

  it.each<[Options, boolean, boolean, string]>([
    [{ exchangeTimeoutMs: 1 }, false, true, 'exchangeTimeoutMs without an exchange bounds nothing'],
    [{ closeBy: 'server' }, true, false, "closeBy: 'server' is for churns"],
    [{ keepGoing: true }, true, false, 'keepGoing: true is for churns'],
    [{ everyMs: 1 }, true, false, 'everyMs needs a hold'],
    [{ churn: true, everyMs: 1 }, true, false, 'everyMs and churn exclude each other'],
    [{ churn: true, holdMs: 1 }, false, false, 'holdMs and churn exclude each other'],
    [{ churn: true, closeBy: 'server' }, true, true, 'either answers or closes first']
  ])('refuses %o with exchange %s and self-dial %s', (options, talks, isSelf, message) => {
    expect(caught(() => checkChurn(options, talks, isSelf))).toMatchObject({
      code: 'C1M_OPTION_CONFLICT',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/\.$/),
      exitCode: 2
    })
  })
})
