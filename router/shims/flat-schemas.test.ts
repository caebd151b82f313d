// Input schemas without alternatives at their top: what may be given at all stays, and so does what must be given in any case.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flatSchema } from './flat-schemas.ts'
import type { Schema } from './schema.ts'

const TEXT = { type: 'string' }
const NUMBER = { type: 'number' }

test('a schema without alternatives at its top is the same object, whatever stands below', () => {
  const schema: Schema = { type: 'object', properties: { a: { anyOf: [TEXT, NUMBER] } } }
  assert.equal(flatSchema(schema), schema)
})

test('of alternatives every property may be given, and what all of them need must be', () => {
  for (const keyword of ['anyOf', 'oneOf'])
    assert.deepEqual(
      flatSchema({
        type: 'object',
        description: 'd',
        properties: { own: TEXT },
        required: ['own'],
        [keyword]: [
          { properties: { id: TEXT, both: TEXT, x: TEXT }, required: ['id', 'both'] },
          { properties: { name: TEXT, both: NUMBER, x: TEXT }, required: ['name', 'both'] },
        ],
      }),
      {
        type: 'object',
        description: 'd',
        properties: {
          own: TEXT,
          id: TEXT,
          both: { anyOf: [TEXT, NUMBER] },
          x: TEXT,
          name: TEXT,
        },
        required: ['own', 'both'],
      },
    )
})

test('what must all hold is joined, through references and alternatives within', () => {
  assert.deepEqual(
    flatSchema({
      $defs: { id: { properties: { id: TEXT }, required: ['id'] } },
      allOf: [
        { $ref: '#/$defs/id' },
        { anyOf: [{ required: ['a'] }, { required: ['a', 'b'] }], properties: { a: NUMBER } },
      ],
    }),
    {
      type: 'object',
      $defs: { id: { properties: { id: TEXT }, required: ['id'] } },
      properties: { id: TEXT, a: NUMBER },
      required: ['id', 'a'],
    },
  )
})

test('three things that one property may be are one choice of three', () => {
  const kinds = [TEXT, NUMBER, { type: 'boolean' }]
  const { properties } = flatSchema({ anyOf: kinds.map(x => ({ properties: { x } })) })
  assert.deepEqual(properties, { x: { anyOf: kinds } })
})

test('odd and hostile alternatives are survived', () => {
  for (const odd of [7, null, 'x', {}, [], [7, null, true], [{ $ref: '#/anyOf/0' }], [{ $ref: 1 }]])
    assert.equal(flatSchema({ anyOf: odd })['type'], 'object')
  let deep: Schema = { properties: { bottom: TEXT } }
  for (let depth = 0; depth < 1_000; depth += 1) deep = { allOf: [deep, { properties: {} }] }
  assert.deepEqual(flatSchema(deep), { type: 'object' })
  const named = JSON.parse('{"anyOf":[{"properties":{"__proto__":{"type":"string"}}}]}') as Schema
  assert.deepEqual(Object.keys(flatSchema(named)['properties'] as object), ['__proto__'])
  assert.equal(({} as Record<string, unknown>)['type'], undefined)
})

test('alternatives that would grow without end stay as they are', () => {
  const again = { anyOf: Array.from({ length: 30 }, () => ({ $ref: '#' })) }
  assert.equal(flatSchema(again), again)
  const all = Array.from({ length: 4_000 }, (_, x) => ({ properties: { x: { const: x } } }))
  const many = { anyOf: all }
  assert.equal(flatSchema(many), many)
  const some = flatSchema({ anyOf: all.slice(0, 100) })
  assert.deepEqual(some['properties'], {
    x: { anyOf: all.slice(0, 100).map(({ properties: { x } }) => x) },
  })
})
