/** Errors of the library as the command line writes them: with the options a person can type. */
import type { C1mError, WriteOption } from '../base/errors.js'
import { type CommandSpec, type OptionSpecs, typedNames } from './parse_options.js'

/**
 * The same error, with `--hold` in its message and `--hold D` in its hint where the library says `holdMs`. An option that
 * was typed in its short form is written so.
 * @param argv the arguments of the command
 */
export function inWordsOf(
  { sections }: CommandSpec,
  error: C1mError,
  argv: readonly string[] = []
): C1mError {
  const specs: OptionSpecs = Object.assign({}, ...sections.map(({ options }) => options))
  const typed = typedNames(specs, argv)
  const option =
    (withPlaceholder: boolean): WriteOption =>
    (name, value) => {
      const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
      // Such as `targets`, which are arguments, and what has been named by the command line itself.
      if (!spec) return name
      const shown =
        value === true || spec.type === 'flag'
          ? undefined
          : (value ?? (withPlaceholder ? spec.value : undefined))
      const form = typed.get(spec.name) ?? `--${spec.name}`
      return shown === undefined ? form : `${form} ${shown}`
    }
  return error.reworded(option(false), option(true))
}
