/** docs/findings.md: every finding, from the metadata of its check and the sentences of its tests. */
import type { Check } from '../../lib/checks/context.js'
import { checks, findingIds } from '../../lib/checks/index.js'
import { type Proof, proofsOf } from './proofs.js'

const begin = '<!-- findings: made by npm run generate -->\n'
const end = '<!-- end -->\n'

export async function findingsPage(page: string): Promise<string> {
  const from = page.indexOf(begin) + begin.length
  const to = page.indexOf(end, from)
  if (from < begin.length || to < 0) {
    throw new Error(
      `docs/findings.md has no place for the findings: write ${JSON.stringify(begin + end)} where they belong`
    )
  }
  const sorted = checks.toSorted((a, b) => a.id.localeCompare(b.id))
  const proofs = proofsOf(findingIds)
  const made = [...table(sorted), ...sorted.flatMap((check) => section(check, proofs(check.id)))].join('\n')
  return `${page.slice(0, from)}${made}\n${page.slice(to)}`
}

function table(sorted: readonly Check[]): string[] {
  const rows = sorted.map((check) => `| ${link(check.id)} | ${where(check)} | ${headline(check)} |`)
  return ['| finding | named by | what goes wrong |', '|---|---|---|', ...rows, '']
}

/** The headings are ids, so an id is its own anchor. */
function link(id: string): string {
  return `[\`${id}\`](#${id})`
}

/** Which commands those are, the page says: whether a run or a watch can see a cause is in the code of its check. */
function where({ explain, predict }: Check): string {
  return [...(explain ? ['a run'] : []), ...(predict ? ['a plan'] : [])].join(', ')
}

function headline({ about: { summary } }: Check): string {
  return /^.*?[.](?=\s|$)/s.exec(summary)?.[0].slice(0, -1) ?? summary
}

function section({ id, about }: Check, proofs: readonly Proof[]): string[] {
  const parts: [title: string, text: string][] = [
    ['Evidence', about.evidence],
    ['Remedy', about.remedy],
    ['Often mistaken for', about.mistakenFor]
  ]
  return [
    `## ${id}`,
    '',
    linked(about.summary),
    '',
    ...parts.flatMap(([title, text]) => [`**${title}.** ${linked(text)}`, '']),
    ...proofs.flatMap(proven)
  ]
}

/** Findings that a text mentions, as links. */
function linked(text: string): string {
  return text.replace(/`([a-z-]+)`/g, (whole, id: string) => {
    return findingIds.some((one) => one === id) ? link(id) : whole
  })
}

/** The tests that provoke the cause on a real kernel. */
function proven({ path, sentences }: Proof): string[] {
  const file = `**Proven** in [${path}](../${path})`
  return sentences.length === 0
    ? [`${file}.`, '']
    : [`${file}:`, '', ...sentences.map((sentence) => `- ${sentence}`), '']
}
