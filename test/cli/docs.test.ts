/** Holds docs/cli.md to the option tables: `npx vitest run --config test/vitest.config.ts test/cli/docs.test.ts -u` rewrites its generated parts. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commands } from '../../lib/cli/commands.js'
import { optionForm } from '../../lib/cli/help.js'
import type { CommandSpec, OptionSpec, OptionTable } from '../../lib/cli/parse_options.js'

const path = fileURLToPath(new URL('../../docs/cli.md', import.meta.url))

it('docs/cli.md has a section for every command', () => {
  const text = readFileSync(path, 'utf8')
  for (const name of Object.keys(commands)) expect(text).toContain(begin(name))
})

it('docs/cli.md says what the option tables say', async () => {
  let text = readFileSync(path, 'utf8')
  for (const [name, { spec }] of Object.entries(commands)) {
    const from = text.indexOf(begin(name)) + begin(name).length
    text = text.slice(0, from) + reference(await spec()) + text.slice(text.indexOf(end, from))
  }
  await expect(text).toMatchFileSnapshot(path)
})

function begin(name: string): string {
  return `<!-- ${name}: made from lib/cli/options/${name}.ts by test/cli/docs.test.ts -->\n`
}

const end = '<!-- end -->\n'

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

function optionRows(options: OptionTable): string[] {
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
