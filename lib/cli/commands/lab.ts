/** `c1m-native lab`: reproduce an incident, diagnose it, fix it, clean up. */
import { type ExitCode, exitCodes } from '../../base/errors.js'
import { suggestion } from '../../base/nearest.js'
import { assertLinux } from '../../base/platform.js'
import { quote } from '../../base/quote.js'
import { labs } from '../../labs/catalogue.js'
import type { Lab } from '../../labs/runner/lab_definition.js'
import {
  type GivenParameters,
  type ParameterName,
  resolveParameters
} from '../../labs/runner/lab_parameters.js'
import { listLabs } from '../../labs/runner/list_labs.js'
import { runElsewhere } from '../../labs/runner/rootless.js'
import { type RunLabOptions, runLab } from '../../labs/runner/run_lab.js'
import { runLabs } from '../../labs/runner/run_labs.js'
import { clean } from '../../labs/sandbox/clean.js'
import { cleanedText } from '../../labs/text/clean_text.js'
import { labListText } from '../../labs/text/lab_list_text.js'
import { labReportText, labResultText } from '../../labs/text/lab_result_text.js'
import { took } from '../../labs/text/took.js'
import type { CommandContext } from '../command.js'
import { LabProgress } from '../lab_progress.js'
import { allLabOptions, parameterOptions } from '../options/lab.js'
import { type OptionValues, parseOptions, pick, usageError } from '../parse_options.js'
import { Reporter } from '../reporter.js'

type Values = OptionValues<typeof allLabOptions>

export async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseOptions(allLabOptions, argv, 'c1m-native lab')
  assertLinux()
  const [action, ...names] = positionals
  if (action === 'run') return await runChosen(chosen(names, values), values, argv, context.interrupted)
  if (action !== 'list' && action !== 'clean') {
    throw usageError(
      action === undefined ? 'lab needs an action' : `unknown action ${quote(action)}`,
      'Write lab list, lab run NAME or lab clean.'
    )
  }
  if (names.length > 0)
    throw usageError(`lab ${action} takes no names, but got ${quote(names[0] ?? '')}`, 'Leave it out.')
  using reporter = new Reporter(values)
  if (action === 'list') {
    const list = listLabs(labs, { allowHostChanges: values.allowHostChanges ?? false })
    await reporter.result(list, (paint, width) => labListText(list, paint, width))
  } else {
    const cleaned = clean()
    await reporter.result(cleaned, () => cleanedText(cleaned))
  }
  return exitCodes.ok
}

async function runChosen(
  wanted: readonly Lab[],
  values: Values,
  argv: readonly string[],
  interrupted: AbortSignal
): Promise<ExitCode | number> {
  const program = [process.execPath, process.argv[1] ?? '']
  const code = await runElsewhere([...program, 'lab', ...argv], interrupted)
  if (code !== null) return code
  using reporter = new Reporter(values)
  using progress = new LabProgress(reporter)
  const { ipv6 = false, allowHostChanges = false, pcap } = values
  const options: RunLabOptions = {
    program,
    parameters: pick(values, parameterOptions) as GivenParameters,
    ipv6,
    allowHostChanges,
    ...(pcap !== undefined && { pcap }),
    progress: (text) => progress.step(text),
    signal: interrupted
  }
  try {
    const [only] = wanted
    if (only && !values.all && wanted.length === 1) {
      progress.start(only)
      const result = await runLab(only, options)
      progress.stop()
      await reporter.result(result, (paint, width) => labResultText(result, paint, width))
      return result.ok ? exitCodes.ok : exitCodes.goal
    }
    const report = await runLabs(wanted, {
      ...options,
      onStart: (lab, place) => progress.start(lab, place),
      onResult: ({ name, ok, totalSeconds }) =>
        reporter.note(`${name}: ${ok ? 'passed' : 'failed'} in ${took(totalSeconds)}`)
    })
    progress.stop()
    await reporter.result(report, (paint, width) => labReportText(report, paint, width))
    return report.ok ? exitCodes.ok : exitCodes.goal
  } catch (error) {
    if (!interrupted.aborted) throw error
    reporter.note('stopped; cleaned up')
    return exitCodes.interrupted
  }
}

/** @throws C1mError C1M_USAGE */
function chosen(names: readonly string[], values: Values): Lab[] {
  const known = labs.map(({ name }) => name)
  if (values.all && names.length > 0)
    throw usageError('--all and names of labs exclude each other', 'Choose one.')
  if (!values.all && names.length === 0)
    throw usageError('lab run needs the name of a lab, or --all', `The labs are ${known.join(', ')}.`)
  if (values.pcap !== undefined && (values.all || names.length > 1))
    throw usageError('--pcap is for one lab at a time', 'Run the labs one by one.')
  const wanted = values.all ? [...labs] : names.map((name) => labNamed(name, known))
  for (const key of Object.keys(pick(values, parameterOptions)) as ParameterName[]) {
    if (wanted.some(({ parameters }) => key in parameters)) continue
    const has = Object.keys(wanted[0]?.parameters ?? {}).map((name) => `--${name}`)
    throw usageError(
      `${wanted.map(({ name }) => name).join(', ')} has no parameter --${key}`,
      `It has ${has.join(', ')}.`
    )
  }
  for (const lab of wanted) resolveParameters(lab, pick(values, parameterOptions), values.ipv6 ?? false)
  return wanted
}

function labNamed(name: string, known: readonly string[]): Lab {
  const lab = labs.find((candidate) => candidate.name === name)
  if (lab) return lab
  const near = suggestion(name, known)
  const hint = near === undefined ? '' : `Did you mean ${near}? `
  throw usageError(`there is no lab ${quote(name)}`, `${hint}The labs are ${known.join(', ')}.`)
}
