/** `c1m-native plan`: say what a dial will take and what will stop it. */
import { exitCodes } from '../../base/errors.js'
import { quote } from '../../base/quote.js'
import { type HostFacts, readHostFacts } from '../../host/facts.js'
import { readFactsFile } from '../../host/facts_file.js'
import { plan } from '../../plan/plan.js'
import { planReport } from '../../report/plan_text.js'
import { libraryOptions } from '../options/dial.js'
import { allPlanOptions } from '../options/plan.js'
import { parseOptions, pick, usageError } from '../parse_options.js'
import { Reporter } from '../reporter.js'
import { Stdout } from '../stdout.js'

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals: targets } = parseOptions(allPlanOptions, argv, 'c1m-native plan')
  if (values.printFacts) {
    await new Stdout().write(`${JSON.stringify(readHostFacts(), null, 2)}\n`)
    return exitCodes.ok
  }
  using reporter = new Reporter(values)
  const made = await plan({
    ...pick(values, libraryOptions),
    targets,
    ...(values.facts !== undefined && { facts: await readFactsFile(values.facts) }),
    ...(values.serverFacts !== undefined && { serverFacts: await oneHost(values.serverFacts) })
  })
  await reporter.result(made, (paint, width) => planReport(made, paint, width))
  return made.fits ? exitCodes.ok : exitCodes.hostLimit
}

async function oneHost(path: string): Promise<HostFacts> {
  const { client, server } = await readFactsFile(path)
  if (client && !server) return client
  throw usageError(
    `--server-facts: ${quote(path)} holds the facts of several hosts`,
    'Give it to --facts, or a file with the facts of one host.'
  )
}
