/** The numbers a lab runs with. Pure. */
import { checkWhole } from '../../base/check_option.js'
import { type Lab, type ParameterName, type Parameters, parameterNames } from '../verdict/lab.js'

/**
 * The caller's numbers, where the lab has such a parameter, else its own; and of each as many as the incident needs with
 * the others.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function resolveParameters(
  { defaults, bounds, fit }: Pick<Lab, 'defaults' | 'bounds' | 'fit'>,
  given: Readonly<Partial<Record<ParameterName, number>>>,
  ipv6: boolean
): Parameters {
  const chosen = parameterNames.flatMap((name) => {
    const own = defaults[name]
    if (own === undefined) return []
    const [least, most] = bounds[name] ?? [1, own]
    return [[name, checkWhole(`--${name}`, given[name] ?? own, least, most)]]
  })
  const parameters = { ...Object.fromEntries(chosen), ipv6 } as Parameters
  return { ...parameters, ...fit?.(parameters) }
}
