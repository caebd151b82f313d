// Which arguments a tool mirrors into headers, which definitions a client must leave out, and when two definitions are the same.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import { digestOf, factsOf, listDigest } from './tool-facts.ts'

const of = (inputSchema: unknown): ReturnType<typeof factsOf> => factsOf({ name: 't', inputSchema })
const properties = (inner: Readonly<Record<string, unknown>>): unknown => ({
  type: 'object',
  properties: inner,
})
const marked = (header: unknown, type: unknown = 'string'): unknown => ({
  type,
  'x-mcp-header': header,
})

test('marks are found down the properties, in lower case, with their path and type', () => {
  assert.deepEqual(
    of(
      properties({
        region: marked('Region'),
        where: properties({ zone: marked('Zone-2', 'integer') }),
        on: marked('On', 'boolean'),
      }),
    ),
    {
      mirrors: [
        { header: 'mcp-param-region', path: ['region'], type: 'string' },
        { header: 'mcp-param-zone-2', path: ['where', 'zone'], type: 'integer' },
        { header: 'mcp-param-on', path: ['on'], type: 'boolean' },
      ],
    },
  )
})

test('a name with an underscore is a name, where no other is its twin', () => {
  const schema = properties({ a: marked('user_id'), b: marked('user-ids'), c: marked('userid') })
  const facts = of(schema)
  assert.ok(facts !== 'broken')
  const headers = facts.mirrors.map(({ header }) => header)
  assert.deepEqual(headers, ['mcp-param-user_id', 'mcp-param-user-ids', 'mcp-param-userid'])
})

test('a definition without marks, or without a schema, mirrors nothing', () => {
  for (const schema of [
    undefined,
    null,
    true,
    {},
    { properties: 5 },
    properties({ a: { type: 'string' } }),
    properties({ 'x-mcp-header': { type: 'string' } }),
    { default: { 'x-mcp-header': 'Data' } },
  ])
    assert.deepEqual(of(schema), { mirrors: [] }, JSON.stringify(schema))
})

test('a mark that no client could follow breaks the definition', () => {
  for (const schema of [
    properties({ a: marked('') }),
    properties({ a: marked('a b') }),
    properties({ a: marked('a\r\nX: y') }),
    properties({ a: marked('é') }),
    properties({ a: marked(5) }),
    properties({ a: marked('A', 'number') }),
    properties({ a: marked('A', 'object') }),
    properties({ a: marked('A', ['string', 'null']) }),
    properties({ a: marked('Same'), b: marked('SAME') }),
    properties({ a: marked('user_id'), b: marked('User-Id') }),
    properties({ a: marked('a_b-c'), in: properties({ b: marked('a-b_c') }) }),
    { ...(marked('Root', 'object') as object), properties: {} },
    properties({ a: { type: 'array', items: marked('A') } }),
    properties({ a: { anyOf: [marked('A')] } }),
    { allOf: [properties({ a: marked('A') })] },
    { $defs: { a: marked('A') }, properties: {} },
    { if: properties({ a: marked('A') }) },
  ])
    assert.equal(of(schema), 'broken', JSON.stringify(schema))
})

test('a digest does not see the order of keys, and sees everything else', t => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 2, maxKeys: 6 }),
      value => {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        assert.equal(digestOf(turned), digestOf(value))
        assert.notEqual(digestOf({ ...value, more: 1 }), digestOf(value))
      },
    ),
    runOf(t, 300),
  )
  assert.notEqual(digestOf({ a: [1, 2] }), digestOf({ a: [2, 1] }))
  assert.notEqual(digestOf({ a: '1' }), digestOf({ a: 1 }))
})

test('the digest of a list does not see the order of its tools', () => {
  const list = (...pairs: ReadonlyArray<readonly [string, string]>): string =>
    listDigest(new Map(pairs))
  assert.equal(list(['a', '1'], ['b', '2']), list(['b', '2'], ['a', '1']))
  assert.notEqual(list(['a', '1']), list(['a', '2']))
  assert.notEqual(list(['a', '1']), list(['b', '1']))
})
