// One definition that no client reads is left out, and the others stay as they are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listed } from '#router/methods.ts'
import type { Era } from '#routes/route-table.ts'
import { readableItems } from './readable-items.ts'

const item = (definition: object) => ({
  own: String((definition as { name?: unknown }).name),
  definition: Buffer.from(JSON.stringify(definition)),
})

/** What is wrong with each, and nothing where it stays. */
function faults(
  member: Listed['member'],
  era: Era,
  ...definitions: readonly object[]
): readonly string[] {
  const { items, leftOut = [] } = readableItems(definitions.map(item), member, era)
  assert.equal(items.length + leftOut.length, definitions.length)
  return leftOut.map(({ own, why }) => `${own}: ${why}`)
}

const inputSchema = { type: 'object' }

test('a tool needs a schema of an object, and members of their types', () => {
  for (const era of ['modern', 'legacy'] as const)
    assert.deepEqual(
      faults(
        'tools',
        era,
        { name: 'good', inputSchema, unknown: null, annotations: { readOnlyHint: true } },
        { name: 'none' },
        { name: 'text', inputSchema: 'object' },
        { name: 'untyped', inputSchema: {} },
        { name: 'array', inputSchema: { type: 'array' } },
        { name: 'null', inputSchema, description: null },
        { name: 'hint', inputSchema, annotations: { readOnlyHint: 'yes' } },
        { name: 'icon', inputSchema, icons: [{}] },
        { name: 'meta', inputSchema, _meta: [] },
      ),
      [
        'none: no client reads its inputSchema',
        'text: no client reads its inputSchema',
        'untyped: no client reads its inputSchema',
        'array: no client reads its inputSchema',
        'null: no client reads its description',
        'hint: no client reads its annotations',
        'icon: no client reads its icons',
        'meta: no client reads its _meta',
      ],
    )
})

test('what one era cannot read may be good in the other', () => {
  const odd = { name: 'odd', inputSchema: { type: 'object', properties: { a: true } } }
  assert.deepEqual(faults('tools', 'modern', odd), [])
  assert.deepEqual(faults('tools', 'legacy', odd), ['odd: no client reads its inputSchema'])
})

test('prompts and resources have shapes of their own', () => {
  assert.deepEqual(
    faults(
      'prompts',
      'modern',
      { name: 'good', arguments: [{ name: 'a', required: true }] },
      { name: 'bad', arguments: [{ required: true }] },
    ),
    ['bad: no client reads its arguments'],
  )
  assert.deepEqual(
    faults(
      'resources',
      'legacy',
      { name: 'good', uri: 'a:b', size: 1, annotations: { lastModified: '2025-01-12T15:00:58Z' } },
      { uri: 'a:c' },
      { name: 'size', uri: 'a:d', size: '1' },
      { name: 'moment', uri: 'a:e', annotations: { lastModified: 'yesterday' } },
    ),
    [
      'undefined: no client reads its name',
      'size: no client reads its size',
      'moment: no client reads its annotations',
    ],
  )
})

test('a definition that stays is the same bytes', () => {
  const definition = Buffer.from(
    '{ "name":"a","x":12345678901234567890,"inputSchema":{"type":"object"} }',
  )
  const { items } = readableItems([{ own: 'a', definition }], 'tools', 'legacy')
  assert.equal(items[0]?.definition, definition)
})

test('a schema of what is no object stands in one for a legacy caller, as the value does', () => {
  const shown = (outputSchema: object, era: Era = 'legacy'): unknown => {
    const tool = item({ name: 'a', inputSchema, outputSchema, after: 1 })
    const [kept] = readableItems([tool], 'tools', era).items
    return (JSON.parse(String(kept?.definition)) as { outputSchema: unknown }).outputSchema
  }
  const list = { type: 'array', items: { type: 'string' } }
  assert.deepEqual(shown(list, 'modern'), list)
  assert.deepEqual(shown(list), {
    type: 'object',
    properties: { result: list },
    required: ['result'],
  })
  const object = { type: 'object', properties: { a: {} } }
  assert.deepEqual(shown(object), object)
  assert.deepEqual(shown({ type: 'array', items: { $ref: '#/$defs/a' } }), { type: 'object' })
})
