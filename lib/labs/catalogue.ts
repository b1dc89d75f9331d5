/** The labs there are, in the order in which they are listed and run. */
import * as incidents from './incidents/index.js'
import type { Lab } from './runner/lab_definition.js'

export const labs: readonly Lab[] = Object.values<Lab>(incidents).toSorted((a, b) => a.rank - b.rank)
