import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { SCHEMA } from '../../../lib/result/result.js'
import { eventfulResult, exampleResult } from '../../helpers/example_result.js'

interface Schema {
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: unknown
  [keyword: string]: unknown
}

const schema: Schema = JSON.parse(
  readFileSync(new URL('../../../lib/result/result.schema.json', import.meta.url), 'utf8')
)

/** Every schema of an object with named properties, at any depth. */
function objects(node: unknown): Schema[] {
  if (typeof node !== 'object' || node === null) return []
  const below = Object.values(node).flatMap(objects)
  return 'properties' in node && 'type' in node ? [node as Schema, ...below] : below
}

function validator(of: Schema) {
  const validate = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: true,
    allowUnionTypes: true
  }).compile(of)
  return (value: unknown) => (validate(value) ? [] : validate.errors)
}

/** The schema, but without further properties: readers must allow new ones, the code must not write any. */
function closed(): Schema {
  const copy = structuredClone(schema)
  for (const object of objects(copy)) object.additionalProperties = false
  return copy
}

// The compiler checks the examples against the type; these tests check the schema against the examples.
describe('result.schema.json', () => {
  it('allows real results, and names each of their properties', () => {
    const errors = validator(closed())
    expect(errors(JSON.parse(JSON.stringify(exampleResult())))).toEqual([])
    expect(errors(JSON.parse(JSON.stringify(eventfulResult())))).toEqual([])
  })

  it('requires each property that the type requires', () => {
    for (const { properties = {}, required } of objects(schema))
      expect(required).toEqual(Object.keys(properties))
  })

  it('allows properties that are added later', () => {
    expect(validator(schema)({ ...exampleResult(), added: 1 })).toEqual([])
  })

  it.each([
    ['another schema version', { schema: 'c1m-native/result@2' }],
    ['a local time', { startedAt: '2026-11-22 00:30' }],
    ['a fraction of a connection', { connections: { ...exampleResult().connections, failed: 0.5 } }],
    ['an unknown phase', { errors: [{ phase: 'dance', code: 'EPERM', count: 1, example: '' }] }],
    ['a port beyond the last', { scenario: { ...exampleResult().scenario, sourcePorts: [[1024, 65_536]] } }],
    ['a rate that is not a number', { timing: { ...exampleResult().timing, connectsPerSecond: null } }]
  ])('refuses %s', (_, changes) => {
    expect(validator(schema)({ ...exampleResult(), ...changes })).not.toEqual([])
  })

  it('has the version that the code writes', () => {
    expect(schema.properties?.schema).toEqual({ type: 'string', const: SCHEMA })
  })
})
