/** All options of a public function at once: known names, and of each a value that passes its check. */
import { type Check, describeValue } from './check_option.js'
import { C1mError, type Wording } from './errors.js'
import { suggestion } from './nearest.js'
import { quote } from './quote.js'

/** The check of each option there is; a new option does not compile until it has one. */
export type OptionChecks<T> = { readonly [K in keyof T]-?: Check<Exclude<T[K], undefined>> }

/**
 * Reads each option once and gives those that were given; undefined stands for "not given".
 * @param caller the function, named in errors
 * @throws C1mError C1M_OPTION_INVALID for anything but an object, an unknown name, a value that fails its check, and what
 * cannot be read, such as a getter that throws (`cause`)
 */
export function checkOptions<T extends object>(caller: string, options: unknown, checks: OptionChecks<T>): T {
  if (options === undefined) return {} as T
  return readable(`the options of ${caller}`, () => {
    // Neither a list nor a Map or Date, which have no options at all.
    if (Object.prototype.toString.call(options) !== '[object Object]') {
      throw new C1mError(
        'C1M_OPTION_INVALID',
        `the options of ${caller} are ${describeValue(options)}, and must be a plain object`
      )
    }
    const values = options as Record<string, unknown>
    // Inherited ones as well, which count when they are read.
    for (const name in values) {
      if (!Object.hasOwn(checks, name) && values[name] !== undefined) throw unknown(caller, name, checks)
    }
    const checked: Record<string, unknown> = {}
    for (const [name, check] of Object.entries<Check<unknown>>(checks)) {
      readable(
        (option) => option(name),
        () => {
          const value = values[name]
          if (value !== undefined) checked[name] = check(name, value)
        }
      )
    }
    return checked as T
  })
}

function unknown(caller: string, name: string, checks: object): C1mError {
  const known = Object.keys(checks)
  const near = suggestion(name, known)
  return new C1mError('C1M_OPTION_INVALID', `${caller} has no option ${quote(name)}`, {
    hint: near === undefined ? `Its options are ${known.join(', ')}.` : `Did you mean ${near}?`
  })
}

/** Whatever a getter or a proxy throws becomes the cause of an error that says where. */
function readable<T>(what: Wording, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof C1mError) throw cause
    throw new C1mError(
      'C1M_OPTION_INVALID',
      (option) => `${typeof what === 'string' ? what : what(option)} cannot be read`,
      { hint: 'Its cause is what a getter or a proxy has thrown.', cause }
    )
  }
}
