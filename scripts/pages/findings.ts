/** docs/findings.md: every finding, from the metadata of its check and the sentences of its tests. */
import { existsSync, readFileSync } from 'node:fs'
import type { Check } from '../../lib/checks/context.js'
import { checks } from '../../lib/checks/index.js'

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
  const made = [...table(sorted), ...sorted.flatMap(section)].join('\n')
  return `${page.slice(0, from)}${made}${page.slice(to)}`
}

function table(sorted: readonly Check[]): string[] {
  const rows = sorted.map((check) => {
    return `| [\`${check.id}\`](#${check.id}) | ${where(check)} | ${firstSentence(check.about.summary)} |`
  })
  return ['| finding | named by | what goes wrong |', '|---|---|---|', ...rows, '']
}

function where(check: Check): string {
  return [...(check.explain ? ['`dial`, `watch`'] : []), ...(check.predict ? ['`plan`, `doctor`'] : [])].join(
    ', '
  )
}

function firstSentence(text: string): string {
  return /^.*?[.](?=\s|$)/s.exec(text)?.[0].slice(0, -1) ?? text
}

function section({ id, about }: Check): string[] {
  const parts: [title: string, text: string][] = [
    ['Evidence', about.evidence],
    ['Remedy', about.remedy],
    ['Often mistaken for', about.mistakenFor]
  ]
  return [
    `## ${id}`,
    '',
    about.summary,
    '',
    ...parts.flatMap(([title, text]) => [`**${title}.** ${text}`, '']),
    ...proof(id)
  ]
}

/** The tests that provoke the cause on a real kernel, by their sentences. */
function proof(id: string): string[] {
  const path = `test/e2e/causes/${id.replaceAll('-', '_')}.test.ts`
  if (!existsSync(path)) throw new Error(`no test provokes ${id}: ${path} is missing`)
  const sentences = sentencesOf(readFileSync(path, 'utf8'))
  return [`**Proven** in [${path}](../${path}):`, '', ...sentences.map((sentence) => `- ${sentence}`), '']
}

function sentencesOf(source: string): string[] {
  let subject = ''
  const sentences: string[] = []
  // A call of describe or it, with .skipIf(...) and the like before its name.
  const calls = /^ *(describe|it)(?:\.\w+(?:\(.*?\))?)*\(\s*(?:`([^`]*)`|'((?:\\.|[^'\\])*)'|"([^"]*)")/gms
  for (const [, kind, ...names] of source.matchAll(calls)) {
    const name = (names.find((text) => text !== undefined) ?? '')
      .replaceAll("\\'", "'")
      .replace(/ \(skipped without root\)$/, '')
    if (kind === 'describe') subject = name
    else sentences.push(`${subject} ${name}`)
  }
  return sentences
}
