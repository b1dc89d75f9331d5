/** Holds docs/doctor-and-plan.md to the fixture and to what the program prints: `-u` rewrites its examples. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { runCli } from './run_cli.js'

const path = fileURLToPath(new URL('../../docs/doctor-and-plan.md', import.meta.url))
const incident = fileURLToPath(new URL('../fixtures/incident-1.json', import.meta.url))

it('docs/doctor-and-plan.md shows what the program prints', async () => {
  const facts = readFileSync(incident, 'utf8')
  let text = readFileSync(path, 'utf8').replace(/(?<=```json\n)[^`]*(?=```)/, () => facts)
  // Those of another host's facts print the same everywhere.
  for (const [example, command = ''] of text.matchAll(
    /```console\n\$ c1m-native (.*--facts incident-1\.json)\n[^`]*```/g
  )) {
    const { stdout, stderr } = await runCli(command.replace('incident-1.json', incident).split(' '))
    expect(stderr).toBe('')
    text = text.replace(example, () => `\`\`\`console\n$ c1m-native ${command}\n${stdout}\`\`\``)
  }
  await expect(text).toMatchFileSnapshot(path)
})
