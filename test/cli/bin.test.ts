import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { runCli } from './run_cli.js'

/** Makes Node report another version. */
function runAs(property: string, value: string, args: readonly string[]) {
  const script = `Object.defineProperty(process, '${property}', { value: ${value} })`
  return runCli(args, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` })
}
const runAsNode = (node: string) =>
  runAs('versions', `{ ...process.versions, node: '${node}' }`, ['--version'])
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

it.each(['18.20.8', '20.16.0', '8.0.0'])('the command refuses Node %s', async (node) => {
  expect(await runAsNode(node)).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: `c1m-native: Node ${node} is too old; 20.17 or newer is needed. Install it from https://nodejs.org, or for this call only: npx -p node@22 -p c1m-native c1m-native.\n`
  })
})

it.each(['20.17.0', '22.1.0', '100.0.0'])('the command accepts Node %s', async (node) => {
  expect(await runAsNode(node)).toMatchObject({
    code: 0,
    stdout: `${JSON.parse(read('package.json')).version}\n`
  })
})

it('the command requires the Node version of package.json', () => {
  const oldest = /oldest = '(.+)'/.exec(read('lib/cli/bin.ts'))?.[1]
  expect(JSON.parse(read('package.json')).engines.node).toBe(`>=${oldest}`)
})

it('the command checks the version of Node before it imports anything', () => {
  expect(read('dist/cli/bin.cjs')).not.toMatch(/^import\s/m)
})

it.each(['darwin', 'win32'])('the command names its requirements on %s', async (platform) => {
  const { code, stdout, stderr } = await runAs('platform', `'${platform}'`, ['dial', '-c', '1'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^c1m-native: Linux is needed, and this is .*\n$/)
})
