/** The numbers a lab runs with. Pure. */
import { checkWhole } from '../../base/check_option.js'

/** Every parameter that a lab may have; JSON lists them in this order. */
const parameterNames = [
  'connections',
  'rate',
  'ports',
  'clients',
  'buckets',
  'max',
  'backlog',
  'loss',
  'limit'
] as const

export type ParameterName = (typeof parameterNames)[number]

/** What a lab says about one of its parameters. */
export interface ParameterRange {
  readonly default: number
  /** Instead of the default when several labs run one after the other. */
  readonly inSeries?: number
  readonly least: number
  readonly most: number
}

/** The numbers of a run, and whether it uses IPv6. */
export type LabParameters<Name extends ParameterName = ParameterName> = Readonly<Record<Name, number>> & {
  readonly ipv6: boolean
}

export type GivenParameters = Readonly<Partial<Record<ParameterName, number>>>

/** A lab as far as its parameters go. */
export interface Parametrized {
  readonly parameters: Readonly<Partial<Record<ParameterName, ParameterRange>>>
  /** Raises what the incident needs more of with these numbers, e.g. connections when the queue is longer. */
  readonly fit?: (parameters: LabParameters) => Partial<LabParameters>
}

/**
 * The caller's numbers where the lab has such a parameter, its defaults for the rest, raised as the incident needs.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function resolveParameters(
  { parameters, fit }: Parametrized,
  given: GivenParameters,
  ipv6: boolean
): LabParameters {
  const chosen = parameterNames.flatMap((name) => {
    const range = parameters[name]
    if (range === undefined) return []
    return [[name, checkWhole(`--${name}`, given[name] ?? range.default, range.least, range.most)]]
  })
  const resolved = { ...Object.fromEntries(chosen), ipv6 } as LabParameters
  return { ...resolved, ...fit?.(resolved) }
}

/** The parameters of a lab with their defaults. */
export function defaultsOf({ parameters }: Parametrized): Record<string, number> {
  return Object.fromEntries(Object.entries(parameters).map(([name, range]) => [name, range.default]))
}

/** The parameters that have another number when several labs run one after the other. */
export function seriesNumbersOf({ parameters }: Parametrized): GivenParameters {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, { inSeries }]) =>
      inSeries === undefined ? [] : [[name, inSeries]]
    )
  )
}
