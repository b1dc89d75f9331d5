/** Holds docs/c1m-native.1 to the option tables: `npx vitest run --config test/vitest.config.ts test/cli/man.test.ts -u` rewrites it. */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { completed } from '../../lib/cli/commands/completion.js'
import { commands } from '../../lib/cli/commands.js'
import packageJson from '../../package.json' with { type: 'json' }
import { manPage } from './man_page.js'

const path = fileURLToPath(new URL('../../docs/c1m-native.1', import.meta.url))

it('docs/c1m-native.1 says what the option tables say', async () => {
  await expect(manPage(packageJson.version, await completed(commands))).toMatchFileSnapshot(path)
})
