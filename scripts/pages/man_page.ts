/** docs/c1m-native.1, the manual page: the options of all commands as roff, with the macros of man(7). */
import { completed } from '../../lib/cli/commands/completion.js'
import { commands } from '../../lib/cli/commands.js'
import type { CompletedCommand } from '../../lib/cli/completion/completed_command.js'
import { optionForm } from '../../lib/cli/help.js'
import type { CommandSpec, OptionSpec, OptionSpecs } from '../../lib/cli/parse_options.js'
import packageJson from '../../package.json' with { type: 'json' }

export async function manPage(): Promise<string> {
  return [
    `.TH C1M-NATIVE 1 "" "c1m-native ${roff(packageJson.version)}" "User Commands"`,
    '.SH NAME',
    'c1m-native \\- open, hold and explain a million TCP connections',
    '.SH SYNOPSIS',
    '.B c1m-native',
    '.I COMMAND',
    '[options]',
    ...(await completed(commands)).flatMap(command),
    '.SH ENVIRONMENT',
    ...item('.B NO_COLOR', 'any value but the empty one: no colour'),
    ...item('.B C1M_DEBUG', '1: errors come with their stack'),
    '.SH SEE ALSO',
    '.BR ss (8),',
    '.BR ip (8),',
    '.BR tcp (7)',
    ''
  ].join('\n')
}

function command({ name, spec }: CompletedCommand): string[] {
  return [
    `.SH ${name.toUpperCase()}`,
    `.B c1m-native ${roff(spec.usage)}`,
    ...spec.text.flatMap((paragraph) => ['.PP', roff(paragraph)]),
    ...spec.sections.flatMap(({ title, options }) => [`.SS ${title}`, ...optionItems(options)]),
    '.SS Examples',
    ...spec.examples.flatMap(({ command, text }) => item(`.B ${roff(command)}`, text)),
    '.SS Exit status',
    ...exitStatus(spec)
  ]
}

function optionItems(options: OptionSpecs): string[] {
  return Object.values(options).flatMap((spec) => item(`.B ${roff(optionForm(spec))}`, meaning(spec)))
}

function meaning({ text, repeatable, default: byDefault }: OptionSpec): string {
  const notes = [...(repeatable ? ['repeatable'] : []), ...(byDefault ? [`default ${byDefault}`] : [])]
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`
}

function exitStatus({ exitCodes }: CommandSpec): string[] {
  return exitCodes.flatMap(({ code, text }) => item(`.B ${code}`, text))
}

function item(head: string, text: string): string[] {
  return ['.TP', head, roff(text)]
}

/** Text in which nothing is taken for a request, and every dash is one that can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll("'", '\\(aq')
    .replace(/^\./, '\\&.')
}
