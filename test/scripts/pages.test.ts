import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pages } from '../../scripts/pages/index.js'

it.each(pages)('$path is what `npm run generate` makes', async ({ path, make }) => {
  const shipped = readFileSync(path, 'utf8')
  expect(await make(shipped), `${path} is out of date: run npm run generate`).toBe(shipped)
})

it('docs/cli.md without a place for a command cannot be made', async () => {
  const [cliReference] = pages
  await expect(cliReference?.make('# Command line\n')).rejects.toThrow('docs/cli.md has no place for dial')
})
