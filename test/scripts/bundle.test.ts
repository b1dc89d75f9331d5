import { execFileSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const startup = fileURLToPath(new URL('../../dist/startup.cjs', import.meta.url))
const judging = fileURLToPath(new URL('../../dist/judging.cjs', import.meta.url))

function loadedBy(file: string): { files: string[]; parts: string[] } {
  const script = `
    require(${JSON.stringify(file)})
    const parts = process.moduleLoadList.map((name) => name.split(' ')[1])
    console.log(JSON.stringify({ files: Object.keys(require.cache), parts }))`
  const { files, parts } = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
  return { files: files.map((path: string) => basename(path)).sort(), parts }
}

it('startup.cjs has all that a dial needs before its first connection, and loads no part of Node it can do without', () => {
  const { files, parts } = loadedBy(startup)
  expect(files).toEqual(['rolldown-runtime.cjs', 'startup.cjs'])
  expect(parts).toContain('fs')
  for (const part of ['dgram', 'dns', 'http', 'net']) expect(parts).not.toContain(part)
})

it('judging.cjs has all that judges a run, without the texts for the documentation', () => {
  expect(loadedBy(judging).files).toEqual(['judging.cjs', 'rolldown-runtime.cjs', 'startup.cjs'])
  const code = readFileSync(judging, 'utf8')
  expect(code).toContain('time-wait-paws')
  for (const part of ['about:', 'mistakenFor']) expect(code).not.toContain(part)
})

it('one more file, and nothing of what judges a run, reads targets that are written in another way', () => {
  const { files } = loadedBy(fileURLToPath(new URL('../../dist/target_text.cjs', import.meta.url)))
  expect(files).toEqual(['rolldown-runtime.cjs', 'startup.cjs', 'target_text.cjs'])
})

it('makes the command line executable: npx sets the mode for the first build of a clone only', () => {
  const file = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url))
  expect(() => accessSync(file, constants.X_OK)).not.toThrow()
})
