/** Holds docs/labs.md to the catalogue: `npx vitest run --config test/vitest.config.ts test/lib/labs/labs_page.test.ts -u` rewrites its table. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { labsPage } from './labs_page.js'

const path = fileURLToPath(new URL('../../../docs/labs.md', import.meta.url))

it('docs/labs.md lists the labs of the catalogue', async () => {
  await expect(labsPage(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
})

it('a page without a place for the table cannot be made', () => {
  expect(() => labsPage('# Labs\n')).toThrow('docs/labs.md has no place for the table of labs')
})
