import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { C1mError, type ErrorCode, errorCatalogue, exitCodes } from '../../../lib/base/errors.js'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const codes = Object.keys(errorCatalogue) as ErrorCode[]

it('a C1mError carries code, message, hint, cause and exit code', () => {
  const cause = new Error('underneath')
  const error = new C1mError('C1M_DESCRIPTOR_LIMIT', 'too many', { hint: 'Use fewer.', cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({
    name: 'C1mError',
    code: 'C1M_DESCRIPTOR_LIMIT',
    message: 'too many',
    exitCode: 3
  })
  expect(error.hint).toBe('Use fewer.')
  expect(error.cause).toBe(cause)
})

it('a C1mError has neither hint nor cause unless they are given', () => {
  const error = new C1mError('C1M_USAGE', 'unknown option')
  expect(error.hint).toBeUndefined()
  expect('cause' in error).toBe(false)
})

describe('an error that names options', () => {
  const error = new C1mError(
    'C1M_OPTION_CONFLICT',
    (option) => `${option('holdMs')} is in the way of ${option('source', ['A-B'])}`,
    {
      hint: (option) => `Add ${option('authorized', true)} and ${option('role', 'client')}.`
    }
  )

  it('spells options as in the library', () => {
    expect(error).toMatchObject({
      message: "holdMs is in the way of source: ['A-B']",
      hint: "Add authorized: true and role: 'client'."
    })
  })

  it('can be reworded for another interface, and keeps its other fields', () => {
    const reworded = error.reworded(
      (option) => `<${option}>`,
      (option, value) => `[${option} ${value}]`
    )
    expect(reworded).toMatchObject({
      code: 'C1M_OPTION_CONFLICT',
      message: '<holdMs> is in the way of <source>',
      hint: 'Add [authorized true] and [role client].',
      stack: error.stack
    })
  })
})

describe('the list of error codes', () => {
  it('is in alphabetical order', () => {
    expect(codes).toEqual([...codes].sort())
  })

  it('holds only codes that the library throws', () => {
    const sources = readdirSync(new URL('../../../lib', import.meta.url), {
      recursive: true,
      encoding: 'utf8'
    })
      .filter((path) => path.endsWith('.ts') && path !== 'base/errors.ts')
      .map((path) => read(`lib/${path}`))
      .join('\n')
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([])
  })
})

describe('docs/errors.md', () => {
  const docs = read('docs/errors.md')
  const sections = docs.split(/^### /m).slice(1)

  it('explains every code, in the same order, with its exit code', () => {
    const documented = sections.map((section) => /^(\w+)\n\nExit code (\d+)\. \S/.exec(section)?.slice(1))
    expect(documented).toEqual(codes.map((code) => [code, String(errorCatalogue[code])]))
  })

  it('explains every exit code', () => {
    const documented = [...docs.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
    expect(documented).toEqual(Object.values(exitCodes))
  })
})
