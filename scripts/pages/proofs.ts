/** The end-to-end tests that provoke a finding, by their sentences: for docs/findings.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'

export interface Proof {
  /** From the root of the repository. */
  path: string
  /** What the tests say; none where they only mention the finding outside of a test. */
  sentences: string[]
}

interface Test {
  /** The sentences that its name makes with those of the `describe` around it: several where a row each is a test. */
  sentences: string[]
  source: string
}

interface TestFile {
  path: string
  source: string
  tests: Test[]
  /** The finding the file is named for; null where it is named for none. */
  id: string | null
}

const folder = 'test/e2e'

/** Reads the tests once, for the proofs of all findings. */
export function proofsOf(ids: readonly string[]): (id: string) => Proof[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .toSorted()
    .map((path) => read(join(folder, path), ids))
  return (id) => {
    const own = files.filter((file) => file.id === id).map((file) => proof(file, file.tests))
    // The tests of findings are in one folder; others only mention what they meet.
    const shared = files
      .filter((file) => file.id === null && (own.length === 0 || file.path.startsWith(`${folder}/causes/`)))
      .filter((file) => mentions(file, id))
      .map((file) =>
        proof(
          file,
          file.tests.filter((test) => mentions(test, id))
        )
      )
    const found = [...own, ...shared]
    if (found.length === 0) throw new Error(`no test in ${folder} provokes ${id}`)
    return found
  }
}

function mentions({ source }: { source: string }, id: string): boolean {
  return source.includes(`'${id}'`)
}

function proof({ path }: TestFile, tests: readonly Test[]): Proof {
  return { path, sentences: [...new Set(tests.flatMap(({ sentences }) => sentences))] }
}

function read(path: string, ids: readonly string[]): TestFile {
  const source = readFileSync(path, 'utf8')
  const name = basename(path, '.test.ts').replaceAll('_', '-')
  // `peer_stalled_watched` belongs to `peer-stalled`; of two that fit, the longer one is meant.
  const [id = null] = ids
    .filter((candidate) => name === candidate || name.startsWith(`${candidate}-`))
    .toSorted((a, b) => b.length - a.length)
  const program = parseAst(source, { lang: 'ts' }) as unknown as Node
  return { path, source, tests: testsIn(program, '', { source, constants: constantsOf(program) }), id }
}

/** A node of the syntax tree (ESTree). */
interface Node {
  type: string
  start: number
  end: number
  [key: string]: unknown
}

interface File {
  source: string
  /** Initial values of the variables of the module, for tables of tests. */
  constants: ReadonlyMap<string, Node>
}

function testsIn(node: Node, subject: string, file: File): Test[] {
  const call = testCall(node)
  if (!call) return children(node).flatMap((child) => testsIn(child, subject, file))
  const names = namesOf(call, file).map((name) => `${subject} ${name}`.trim())
  if (call.kind === 'it') return [{ sentences: names, source: file.source.slice(node.start, node.end) }]
  return names.flatMap((name) => call.rest.flatMap((argument) => testsIn(argument, name, file)))
}

interface TestCall {
  kind: 'describe' | 'it'
  name: Node
  rest: Node[]
  /** The rows of `it.each(rows)`. */
  rows: Node | null
}

/** `it('...', ...)`, `it.each(rows)('...', ...)`, `describe.skipIf(...)('...', ...)` and the like. */
function testCall(node: Node): TestCall | null {
  if (node.type !== 'CallExpression') return null
  const [name, ...rest] = node.arguments as Node[]
  let rows: Node | null = null
  let callee = node.callee as Node
  // What is behind the word: calls, and names of properties.
  for (;;) {
    if (callee.type === 'CallExpression') {
      const property = (callee.callee as Node).property as Node | undefined
      if (property?.name === 'each' || property?.name === 'for')
        rows = (callee.arguments as Node[])[0] ?? null
      callee = callee.callee as Node
    } else if (callee.type === 'MemberExpression') callee = callee.object as Node
    else break
  }
  const kind = callee.name
  if ((kind !== 'describe' && kind !== 'it') || !name || textOf(name) === null) return null
  return { kind, name, rest, rows }
}

/** The names of a test, one for each row of its table where they differ; none where a row cannot be read here. */
function namesOf({ name, rows }: TestCall, { constants }: File): string[] {
  const pattern = clean(textOf(name) ?? '')
  if (!hasPlaceholder(pattern)) return [pattern]
  const elements = listOf(rows, constants) ?? []
  return elements
    .map((element) => fill(pattern, listOf(element, constants) ?? [element]))
    .filter((text) => !hasPlaceholder(text))
}

const placeholder = /%[sdifjo]|\$\{|\$[a-z]/

function hasPlaceholder(text: string): boolean {
  return placeholder.test(text)
}

/** Without what is no part of the sentence: when a test is skipped, and which of several tests it is. */
function clean(name: string): string {
  return name
    .replace(/ \((?:skipped without root|needs user namespaces|\$\{whyNot\})\)$/, '')
    .replace(/[,:](?: (?:%[sdifjo]|\$\w+|from|given up after|at|in))+$/, '')
}

/** With the literal values of a row in place of %s and the like. */
function fill(pattern: string, values: readonly Node[]): string {
  let i = 0
  return pattern.replace(/%[sdi]/g, (mark) => {
    const value = values[i++]
    return value?.type === 'Literal' ? String(value.value) : mark
  })
}

/** The elements of an array literal, or of a variable that has one. */
function listOf(node: Node | null, constants: ReadonlyMap<string, Node>): Node[] | null {
  if (node?.type === 'TSAsExpression') return listOf(node.expression as Node, constants)
  if (node?.type === 'Identifier') return listOf(constants.get(String(node.name)) ?? null, constants)
  return node?.type === 'ArrayExpression' ? (node.elements as Node[]) : null
}

/** A string as it is, a template as it is written; null for anything else. */
function textOf(node: Node): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null
  if (node.type !== 'TemplateLiteral') return null
  const expressions = node.expressions as Node[]
  return (node.quasis as { value: { cooked: string } }[])
    .map(({ value }, i) => {
      const expression = expressions[i]
      return expression ? `${value.cooked}\${${expression.name ?? ''}}` : value.cooked
    })
    .join('')
}

function constantsOf(program: Node): Map<string, Node> {
  const declarators = (program.body as Node[])
    .filter(({ type }) => type === 'VariableDeclaration')
    .flatMap(({ declarations }) => declarations as Node[])
  return new Map(declarators.map(({ id, init }) => [String((id as Node).name), init as Node]))
}

function children(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => typeof value === 'object' && value !== null && 'type' in value)
}
