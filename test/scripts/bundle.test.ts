import { execFileSync } from 'node:child_process'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const startup = fileURLToPath(new URL('../../dist/startup.cjs', import.meta.url))

it('one file has what a dial needs before its first connection, and waits for no part of Node it can do without', () => {
  const script = `
    require(${JSON.stringify(startup)})
    const parts = process.moduleLoadList.map((name) => name.split(' ')[1])
    console.log(JSON.stringify({ files: Object.keys(require.cache), parts }))`
  const { files, parts } = JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }))
  expect(files.map((path: string) => basename(path)).sort()).toEqual(['rolldown-runtime.cjs', 'startup.cjs'])
  expect(parts).toContain('fs')
  for (const part of ['dgram', 'dns', 'http', 'net']) expect(parts).not.toContain(part)
})
