// The schema for editors and the reference page are committed: what is committed must be what the schemas say today.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeEditorSchema } from './editor-schema.ts'
import { KINDS } from './kinds.ts'
import { fieldNames, makePolicyReference } from './reference-page.ts'

const committed = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

test('the committed schema for editors is current', () => {
  assert.equal(committed('routes/route-policy.schema.json'), makeEditorSchema())
})

test('the committed reference page is current', () => {
  assert.equal(committed('docs/reference/policies.md'), makePolicyReference())
})

test('the schema for editors holds nothing that only our own check understands', () => {
  assert.ok(JSON.stringify(KINDS).includes('"x-expects"'), 'the schemas no longer use it')
  assert.doesNotMatch(makeEditorSchema(), /"x-/)
})

test('a field with a default need not be written, and one without must', () => {
  const [cluster] = (JSON.parse(makeEditorSchema()) as { oneOf: EditorShape[] }).oneOf
  assert.deepEqual(cluster?.required, ['apiVersion', 'kind', 'metadata', 'spec'])
  assert.deepEqual(cluster?.properties['spec']?.required, ['discovery'])
})

interface EditorShape {
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, EditorShape>>
}

test('every field on the reference page says what it means', () => {
  const rows = makePolicyReference()
    .split('\n')
    .filter(line => line.startsWith('| `'))
  const fields = Object.values(KINDS).flatMap(schema => fieldNames(schema))
  const told = 2 * Object.keys(KINDS).length // apiVersion and kind are told above the tables.
  assert.ok(rows.length >= fields.length - told, 'rows are missing')
  assert.deepEqual(
    rows.filter(row => row.endsWith('|  |')),
    [],
  )
})
