/** The types of the package: dist/index.d.ts, one file. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../helpers/temporary.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const types = readFileSync(join(root, 'dist/index.d.ts'), 'utf8')

/** The output of a strict compiler for a user's program that depends on this package. */
function complaints(source: string, { extension = 'mts', lib = 'es2022,esnext.disposable' } = {}): string {
  using user = temporaryFolder()
  const modules = join(user.path, 'node_modules')
  mkdirSync(join(modules, '@types'), { recursive: true })
  symlinkSync(root, join(modules, 'c1m-native'))
  symlinkSync(join(root, 'node_modules/@types/node'), join(modules, '@types/node'))
  writeFileSync(join(user.path, `user.${extension}`), source)
  const options = '--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false --types node'
  const target = `--module nodenext --target es2022 --lib ${lib}`
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  try {
    const args = [tsc, ...`${options} ${target}`.split(' '), `user.${extension}`]
    execFileSync(process.execPath, args, { cwd: user.path, encoding: 'utf8', stdio: 'pipe' })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

/** Names of the types, classes, functions and constants in the file. */
const declared = [...types.matchAll(/^(?:declare )?(interface|type|class|const|function) (\w+)/gm)].map(
  ([, kind, name]) => ({ kind, name })
)

const exported = (/^export \{([^}]*)\};?$/m.exec(types)?.[1] ?? '')
  .split(',')
  .map((name) => name.trim().replace(/^type /, ''))

describe('the types of the package', () => {
  it('are in one file, which imports nothing', () => {
    const files = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((file) => file.endsWith('.d.ts'))).toEqual(['index.d.ts'])
    expect(types).not.toMatch(/\bimport\b|<reference/)
  })

  it('include every type that they mention', () => {
    expect(declared.length).toBeGreaterThan(100)
    // A constant that is not exported is a list of words that a type is derived from.
    const hidden = declared.filter(({ kind, name = '' }) => kind !== 'const' && !exported.includes(name))
    expect(hidden).toEqual([])
  })

  it('name nothing of the engine and no test double', () => {
    expect(types).not.toMatch(/Native\w+|\bPlaces\b|reworded/)
  })

  it('explain every export, and link only to existing ones', () => {
    const silent = declared
      .filter(({ name = '' }) => exported.includes(name))
      .filter(({ kind, name }) => !new RegExp(`\\*/\\n(declare )?${kind} ${name}\\b`).test(types))
    expect(silent).toEqual([])
    const code = types.replace(/\/\*[\s\S]*?\*\//g, '')
    const links = [...types.matchAll(/\{@link (?:\w+\.)?(\w+)\}/g)].map(([, name]) => name)
    expect(links.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([])
  })
})

describe("a user's program", () => {
  it.each(['mts', 'cts'])('that dials, listens, watches and plans compiles as user.%s', (extension) => {
    const source = `
      import { C1mError, dial, doctor, listen, plan, watch } from 'c1m-native'
      import type { Binding, DialOptions, NatPlan, RampPoint, RunResult, Snapshot, Target } from 'c1m-native'

      const ramp: readonly RampPoint[] = [{ atMs: 0, perSecond: 10_000 }, { atMs: 30_000, perSecond: 200_000 }]

      export async function use(options: DialOptions): Promise<RunResult> {
        await using server = await listen({ targets: ['127.0.0.1:0'] })
        await using watching = await watch({ targets: server.targets })
        await using run = dial({ ...options, targets: server.targets, ramp, signal: AbortSignal.timeout(1000) })
        for await (const snapshot of run.snapshots({ everyMs: 250 })) established(snapshot)
        for await (const { open } of server.snapshots()) if (open === 0) break
        for await (const { sockets } of watching.snapshots()) if (sockets === null) break
        const [{ accepted }, { watched }, result] = await Promise.all([server.close(), watching.close(), run.close()])
        console.log(accepted, watched)
        return result
      }

      export async function foresee(): Promise<[Binding[], NatPlan | null, Target[]]> {
        const { nat, scenario } = await plan({ connections: 100, natPorts: '1024-65535' })
        return [(await doctor({ role: 'client' })).findings, nat, scenario.targets]
      }

      const established = (snapshot: Snapshot): number => snapshot.established
      export const code = (error: unknown) => (error instanceof C1mError ? error.code : undefined)`
    expect(complaints(source, { extension })).toBe('')
  })

  it('that is printed in the README compiles', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, source = '']) => source)
    expect(examples).not.toEqual([])
    for (const source of examples) expect(complaints(source)).toBe('')
  })

  it('compiles without the library of disposables', () => {
    const source = `
      import { dial } from 'c1m-native'
      export const { connections } = await dial({ connections: 100 }).result`
    expect(complaints(source, { lib: 'es2022' })).toBe('')
  })

  it.each([
    ['an option that does not exist', "import { dial } from 'c1m-native'; dial({ conections: 1 })", 'TS2561'],
    ['an internal type', "import type { NativeRunConfig } from 'c1m-native'", 'TS2305'],
    ['an internal file', "import type {} from 'c1m-native/dist/engine/native.js'", 'TS2307'],
    ['a test-only argument', "import { doctor } from 'c1m-native'; doctor({}, {})", 'TS2554']
  ])('does not compile with %s', (_, source, code) => {
    expect(complaints(source)).toContain(`error ${code}`)
  })

  it('ends a dial, a listener and a watch in the same way', () => {
    const source = `
      import type { DialRun, ListenServer, Watch } from 'c1m-native'
      interface Handle<Snapshot, Result> extends AsyncDisposable {
        readonly result: Promise<Result>
        snapshots(): AsyncIterableIterator<Snapshot>
        close(): Promise<Result>
      }
      type Of<T> = T extends Handle<infer Snapshot, infer Result> ? [Snapshot, Result] : never
      type Extra<T> = Exclude<keyof T, keyof Handle<unknown, unknown>>
      const extra: [Extra<DialRun>, Extra<ListenServer>, Extra<Watch>] = ['census', 'targets', 'targets']
      const handles: (x: [Of<DialRun>, Of<ListenServer>, Of<Watch>]) => void = ([dial, listen, watch]) => {
        console.log(dial[0].tSeconds, listen[0].tSeconds, watch[0].tSeconds)
        console.log(dial[1].schema, listen[1].schema, watch[1].schema)
      }
      export { extra, handles }`
    expect(complaints(source)).toBe('')
  })
})
