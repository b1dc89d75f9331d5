import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exampleResult } from '../../bench/example_result.js'
import { temporaryFolder } from '../../helpers/temporary.js'
import { ending, runCli, startCli } from '../run_cli.js'

function saved(folder: string, name: string, faster = 1): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(exampleResult(faster)))
  return path
}

describe('bench', () => {
  it('measures the benchmarks that were asked for, and writes the result', { timeout: 60_000 }, async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'result.json')
    const { code, stdout } = await runCli(['bench', '--only', 'first-syn', '--out', out, '-q'])
    // Whether goals are met is a matter of the machine, and no reason to fail.
    expect(code).toBe(0)
    expect(stdout).toMatch(/c1m-native dial +[\d.]+ ms/)
    expect(stdout).toMatch(/\nGoals missed on this host(: none of 1\.|, 1 of 1:\n {2}first-syn: .+)\n/)
    const result = JSON.parse(readFileSync(out, 'utf8'))
    expect(result).toMatchObject({ schema: 'c1m-native/bench@1', mode: 'quick' })
    expect(result.suites).toMatchObject([{ id: 'first-syn', skipped: null, failed: false }])
  })

  it('--check fails where a goal is missed, and only there', { timeout: 60_000 }, async () => {
    const { code, stdout } = await runCli(['bench', '--only', 'first-syn', '--check', '-q'])
    expect(code).toBe(stdout.includes('none of 1.') ? 0 : 5)
  })

  it('stops its contenders and says so when it is interrupted', { timeout: 60_000 }, async () => {
    const child = startCli(['bench', '--only', 'churn'])
    const ended = ending(child)
    const children = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()
    await expect.poll(children, { timeout: 30_000 }).not.toBe('')
    const contenders = children().split(' ').filter(Boolean)
    child.kill('SIGINT')
    const { code, stdout } = await ended
    expect(code).toBe(130)
    expect(stdout).toContain('interrupted')
    expect(contenders.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([])
  })

  it('suggests the nearest name for an unknown suite', async () => {
    const { code, stderr } = await runCli(['bench', '--only', 'chrun'])
    expect(code).toBe(2)
    expect(stderr).toContain("there is no suite 'chrun'")
    expect(stderr).toContain('Did you mean churn?')
  })

  it('names a wrong path of neper', async () => {
    const { code, stderr } = await runCli(['bench', '--neper', '/nowhere/tcp_crr'])
    expect(code).toBe(2)
    expect(stderr).toContain('/nowhere/tcp_crr')
  })

  it('compares two results with bench compare', async () => {
    using folder = temporaryFolder()
    const files = [saved(folder.path, 'a.json'), saved(folder.path, 'b.json', 2)]
    const text = await runCli(['bench', 'compare', ...files])
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toMatch(/c1m-native, 200,000 +200,000 +400,000 \/s +2\.000 x/)
    const json = await runCli(['bench', 'compare', ...files, '--json'])
    expect(JSON.parse(json.stdout).schema).toBe('c1m-native/bench-comparison@1')
  })

  it('writes pictures with bench plot and names their files', async () => {
    using folder = temporaryFolder()
    const { code, stdout } = await runCli(['bench', 'plot', saved(folder.path, 'a.json'), folder.path])
    expect(code).toBe(0)
    const written = stdout.trim().split('\n')
    expect(written).toHaveLength(3)
    for (const path of written) expect(existsSync(path)).toBe(true)
  })

  it.each([
    { args: ['compare', 'a.json'], says: 'bench compare needs two arguments and got 1' },
    { args: ['plot'], says: 'bench plot needs two arguments and got 0' },
    { args: ['run'], says: "unknown action 'run'" },
    { args: ['plot', '/nowhere.json', '/tmp'], says: '/nowhere.json' },
    { args: ['plot', 'package.json', '/tmp'], says: 'package.json is no c1m-native/bench@1' }
  ])('refuses $args: $says', async ({ args, says }) => {
    const { code, stderr } = await runCli(['bench', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(says)
  })
})
