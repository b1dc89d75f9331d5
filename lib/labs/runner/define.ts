/** How a lab is written down. */

import type { ActResult, Lab, ParameterName, Parameters, Performance } from '../verdict/lab.js'
import { type Act, conduct } from './steps.js'

type Plot<Name extends ParameterName> = Omit<Lab, 'defaults' | 'bounds' | 'fit' | 'perform'> & {
  readonly defaults: Readonly<Record<Name, number>>
  readonly bounds: Readonly<Record<Name, readonly [least: number, most: number]>>
  readonly fit?: (parameters: Parameters<Name>) => Partial<Parameters<Name>>
  readonly acts: (parameters: Parameters<Name>) => readonly Act[]
  /** Figures of its own, and what it has to show beyond the finding and the remedies. */
  readonly also?: (acts: readonly ActResult[]) => Omit<Performance, 'acts'>
}

/** A lab whose acts follow one another. */
export function defineLab<Name extends ParameterName>(plot: Plot<Name>): Lab {
  const { acts, also, ...lab } = plot
  return {
    ...lab,
    perform: async (stage, parameters) => {
      const results = await conduct(stage.scene(), acts(parameters))
      return { acts: results, ...also?.(results) }
    }
  }
}
