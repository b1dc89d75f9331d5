import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { findingIds } from '../../lib/checks/index.js'
import { pages } from '../../scripts/pages/index.js'
import { proofsOf } from '../../scripts/pages/proofs.js'

it.each(pages)('$path is what `npm run generate` makes', async ({ path, make }) => {
  const shipped = readFileSync(path, 'utf8')
  expect(await make(shipped), `${path} is out of date: run npm run generate`).toBe(shipped)
})

it('docs/labs.md cannot be made without a place for the labs', async () => {
  const page = pages.find(({ path }) => path === 'docs/labs.md')
  await expect(page?.make('# Labs\n')).rejects.toThrow('docs/labs.md has no place for the labs')
})

it('docs/cli.md cannot be made without a place for a command', async () => {
  const [cliReference] = pages
  await expect(cliReference?.make('# Command line\n')).rejects.toThrow('docs/cli.md has no place for dial')
})

it('docs/findings.md cannot be made with a finding that no test provokes', () => {
  const id = ['never', 'provoked'].join('-')
  expect(() => proofsOf([id])(id)).toThrow('no test in test/e2e provokes never-provoked')
})

it('docs/findings.md lists the tests of a finding from files named for it, and from others that mention it', () => {
  const proofs = proofsOf(['peer-stalled', 'tuple-reuse-rate'])
  expect(proofs('peer-stalled').map(({ path }) => path)).toEqual([
    'test/e2e/causes/peer_stalled.test.ts',
    'test/e2e/causes/peer_stalled_watched.test.ts'
  ])
  expect(proofs('tuple-reuse-rate').map(({ path }) => path)).toEqual(['test/e2e/nat_time_wait.test.ts'])
})

it('docs/findings.md lists tests as whole sentences, without placeholders', () => {
  const sentences = findingIds.flatMap(proofsOf(findingIds)).flatMap((proof) => proof.sentences)
  expect(sentences.filter((sentence) => /%[a-z]\b|\$|\\|\(skipped/.test(sentence))).toEqual([])
})

it('docs/findings.md links only to headings it has', () => {
  const page = readFileSync('docs/findings.md', 'utf8')
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
  const links = [...page.matchAll(/\]\(#(.*?)\)/g)].map(([, anchor]) => anchor)
  expect(headings).toEqual(findingIds.toSorted((a, b) => a.localeCompare(b)))
  expect(links.filter((anchor) => !headings.includes(anchor))).toEqual([])
})
