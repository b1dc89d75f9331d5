/** docs/labs.md: the table of labs, made from the catalogue, between the comments that mark its place. */
import { labs } from '../../lib/labs/catalogue.js'

const begin = '<!-- labs: made by npm run generate -->\n'
const end = '<!-- end -->\n'

export async function labsPage(page: string): Promise<string> {
  const from = page.indexOf(begin) + begin.length
  const to = page.indexOf(end, from)
  if (from < begin.length || to < 0) {
    throw new Error(
      `docs/labs.md has no place for the labs: write ${JSON.stringify(begin + end)} where they belong`
    )
  }
  const rows = labs.map(({ name, summary, expected }) => {
    const isExplained = page.includes(`\n## ${name}\n`)
    const title = isExplained ? `[\`${name}\`](#${name})` : `\`${name}\``
    return `| ${title} | ${summary} | ${expected === null ? 'nothing' : `\`${expected}\``} |`
  })
  const table = ['| lab | what it shows | what is named |', '|---|---|---|', ...rows, '']
  return page.slice(0, from) + table.join('\n') + page.slice(to)
}
