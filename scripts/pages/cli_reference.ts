/** docs/cli.md: a reference of every command from the options of its command line, between the comments that mark its place. */
import { commands } from '../../lib/cli/commands.js'
import { optionForm } from '../../lib/cli/help.js'
import type { CommandSpec, OptionSpec, OptionSpecs } from '../../lib/cli/parse_options.js'

const end = '<!-- end -->\n'

export async function cliReference(page: string): Promise<string> {
  let text = page
  for (const [name, { spec }] of Object.entries(commands)) {
    const begin = `<!-- ${name}: made by npm run generate -->\n`
    if (!text.includes(begin)) {
      throw new Error(
        `docs/cli.md has no place for ${name}: write ${JSON.stringify(begin + end)} where it belongs`
      )
    }
    const from = text.indexOf(begin) + begin.length
    text = text.slice(0, from) + reference(await spec()) + text.slice(text.indexOf(end, from))
  }
  return text
}

function reference(spec: CommandSpec): string {
  return [
    `\`c1m-native ${spec.usage}\``,
    '',
    ...spec.text.flatMap((paragraph) => [paragraph, '']),
    ...spec.sections.flatMap(({ title, options }) => [`### ${title}`, '', ...optionRows(options), '']),
    '### Examples',
    '',
    '```sh',
    ...spec.examples.flatMap(({ command, text }) => [`# ${text}`, command]),
    '```',
    '',
    '### Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...spec.exitCodes.map(({ code, text }) => `| ${code} | ${text} |`),
    ''
  ].join('\n')
}

function optionRows(options: OptionSpecs): string[] {
  const rows = Object.values(options).map((spec) => [
    `\`${optionForm(spec)}\``,
    sentence(spec),
    spec.default ?? ''
  ])
  return [
    '| option | meaning | default |',
    '|---|---|---|',
    ...rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
  ]
}

function sentence({ text, repeatable }: OptionSpec): string {
  return repeatable ? `${text}; repeatable` : text
}
