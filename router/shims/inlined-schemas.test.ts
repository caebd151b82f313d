// Input schemas without references: what is referred to stands in their place, as far as that has an end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inlinedSchema } from './inlined-schemas.ts'
import type { Schema } from './schema.ts'

const TEXT = { type: 'string' }
const same = (schema: Schema): void => assert.equal(inlinedSchema(schema), schema)

test('a schema that refers to nothing is the same object, definitions included', () =>
  same({ type: 'object', $defs: { a: TEXT }, properties: { x: TEXT } }))

test('what is referred to stands in the place of the reference, with what was said beside it', () => {
  assert.deepEqual(
    inlinedSchema({
      type: 'object',
      $defs: { kind: { enum: ['a'], description: 'one' }, 'a/b~c': TEXT },
      definitions: { old: { items: { $ref: '#/$defs/kind' } } },
      properties: {
        kind: { $ref: '#/$defs/kind', description: 'other', default: 'a' },
        old: { $ref: '#/definitions/old' },
        odd: { $ref: '#/$defs/a~1b~0c' },
        again: { anyOf: [{ $ref: '#/properties/odd' }, { type: 'null' }] },
      },
    }),
    {
      type: 'object',
      properties: {
        kind: { enum: ['a'], description: 'other', default: 'a' },
        old: { items: { enum: ['a'], description: 'one' } },
        odd: TEXT,
        again: { anyOf: [TEXT, { type: 'null' }] },
      },
    },
  )
})

test('what refers to itself ends where it would begin anew', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } }
  assert.deepEqual(
    inlinedSchema({ $defs: { node }, properties: { list: { $ref: '#/$defs/node' } } }),
    {
      properties: { list: { type: 'object', properties: { next: { type: 'object' } } } },
    },
  )
})

test('a property that is called as a keyword is a property, and data is no schema', () => {
  const data = { $ref: 'not one' }
  assert.deepEqual(
    inlinedSchema({
      $defs: { t: TEXT },
      properties: {
        $ref: { $ref: '#/$defs/t' },
        default: { $ref: '#/$defs/t' },
        x: { const: data },
      },
    }),
    { properties: { $ref: TEXT, default: TEXT, x: { const: data } } },
  )
})

test('a schema that refers to what is not here, or that would grow without end, stays as it is', () => {
  for (const reference of ['#/$defs/none', 'https://a/b.json', '#anchor', '#/properties/x/y/z', 7])
    same({ properties: { x: { $ref: reference } } })
  const bomb: Record<string, unknown> = { d0: TEXT }
  for (let n = 1; n <= 40; n += 1)
    bomb[`d${n}`] = { anyOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] }
  same({ $defs: bomb, properties: { x: { $ref: '#/$defs/d40' } } })
  let deep: Schema = { $ref: '#/$defs/d0' }
  for (let depth = 0; depth < 1_000; depth += 1) deep = { items: deep }
  same({ $defs: { d0: TEXT }, properties: { deep } })
})
