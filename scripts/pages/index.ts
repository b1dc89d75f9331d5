/** The pages of docs/ that are made from the code, in whole or in part. */
import { cliReference } from './cli_reference.js'
import { doctorAndPlan } from './doctor_and_plan.js'
import { findingsPage } from './findings.js'
import { labsPage } from './labs.js'
import { manPage } from './man_page.js'

export interface Page {
  /** From the root of the repository. */
  path: string
  /** Makes the page anew. What people wrote in it is taken from the page as it is. */
  make(current: string): Promise<string>
}

export const pages: Page[] = [
  { path: 'docs/cli.md', make: cliReference },
  { path: 'docs/doctor-and-plan.md', make: doctorAndPlan },
  { path: 'docs/findings.md', make: findingsPage },
  { path: 'docs/labs.md', make: labsPage },
  { path: 'docs/c1m-native.1', make: manPage }
]
