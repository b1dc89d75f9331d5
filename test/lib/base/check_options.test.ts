import { describe, expect, it } from 'vitest'
import { flag, texts, whole } from '../../../lib/base/check_option.js'
import { checkOptions, type OptionChecks } from '../../../lib/base/check_options.js'
import { caught } from '../../helpers/caught.js'

interface Options {
  connections?: number
  census?: boolean
  source?: string[]
}

const checks: OptionChecks<Options> = { connections: whole(1), census: flag, source: texts }
const check = (options: unknown) => checkOptions('dial', options, checks)
const refused = (options: unknown) => caught(() => check(options))

describe('checkOptions', () => {
  it('returns the given options', () => {
    expect(check({ connections: 5, source: ['a'] })).toEqual({ connections: 5, source: ['a'] })
  })

  it.each([[undefined], [{}], [{ connections: undefined, other: undefined }]])(
    'treats %o as no options',
    (options) => {
      expect(check(options)).toEqual({})
    }
  )

  it('accepts inherited options, such as the getters of a class', () => {
    class Defaults {
      get connections() {
        return 7
      }
    }
    expect(check(new Defaults())).toEqual({ connections: 7 })
    expect(check(Object.assign(Object.create(null), { census: true }))).toEqual({ census: true })
  })

  it('reads each option once', () => {
    let reads = 0
    const options = {
      get connections() {
        return ++reads
      }
    }
    expect(check(options)).toEqual({ connections: 1 })
    expect(reads).toBe(1)
  })

  it('refuses an unknown option that is inherited', () => {
    expect(refused(Object.create({ conections: 5 }))).toMatchObject({
      message: "dial has no option 'conections'",
      hint: 'Did you mean connections?'
    })
  })

  it.each([
    [new Map([['connections', 5]]), 'an object'],
    [new Date(), 'an object'],
    [null, 'null'],
    [5, '5'],
    ['a', "'a'"],
    [[], 'a list'],
    [() => {}, 'a function'],
    [Symbol('s'), 'a symbol']
  ])('refuses %o', (options, shown) => {
    expect(refused(options)).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: `the options of dial are ${shown}, and must be a plain object`
    })
  })

  it.each([
    ['conections', "dial has no option 'conections'", 'Did you mean connections?'],
    ['toString', "dial has no option 'toString'", 'Its options are connections, census, source.'],
    ['a\u001b[2J', "dial has no option 'a\\x1b[2J'", 'Its options are connections, census, source.']
  ])('refuses the unknown option %j', (name, message, hint) => {
    expect(refused({ [name]: 5 })).toMatchObject({ code: 'C1M_OPTION_INVALID', message, hint })
  })

  it('reports the error of a getter as the cause, and names its option', () => {
    const cause = new RangeError('no')
    const options = {
      get census(): boolean {
        throw cause
      }
    }
    expect(refused(options)).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: 'census cannot be read',
      cause
    })
  })

  it('reports the error of a proxy as the cause', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(refused(proxy)).toMatchObject({
      message: 'the options of dial cannot be read',
      cause: expect.any(TypeError)
    })
    expect(refused({ source: proxy })).toMatchObject({ message: 'source cannot be read' })
  })
})
