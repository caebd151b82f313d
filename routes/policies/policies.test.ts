// The example documents are what people copy: each must compile, be accepted by an editor, and together show every field.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseAllDocuments } from 'yaml'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import { formatProblem } from '#routes/compile/problems.ts'
import { makeEditorSchema } from '#routes/schema/editor-schema.ts'
import { KINDS } from '#routes/schema/kinds.ts'
import { fieldNames } from '#routes/schema/reference-page.ts'

const files = globSync(join(import.meta.dirname, '*.yaml'))
  .sort()
  .map(path => ({ file: basename(path), text: readFileSync(path, 'utf8') }))

const documentsOf = (text: string): unknown[] =>
  [...parseAllDocuments(text)].map(document => document.toJS() as unknown)

test('there are examples, and all of them together compile', () => {
  assert.ok(files.length >= 3)
  const compiled = compileDocuments(files)
  const problems = 'problems' in compiled ? compiled.problems : []
  assert.deepEqual(
    problems.map(problem => formatProblem(problem)),
    [],
  )
})

for (const file of files) {
  test(`${file.file} compiles alone and names its schema for editors`, () => {
    assert.ok('table' in compileDocuments([file]))
    assert.match(file.text, /^# yaml-language-server: \$schema=\.\.\/route-policy\.schema\.json\n/)
  })
}

test('the schema for editors accepts every example as written, and refuses a misspelt one', () => {
  const accepts = new Ajv2020({ allErrors: true }).compile(JSON.parse(makeEditorSchema()) as object)
  const documents = files.flatMap(({ text }) => documentsOf(text))
  for (const document of documents)
    assert.ok(accepts(document), JSON.stringify([document, accepts.errors]))
  const misspelt = { ...(documents[0] as object), specc: {} }
  assert.equal(accepts(misspelt), false)
})

test('every-field.yaml shows every field that a document can have', () => {
  const example = files.find(({ file }) => file === 'every-field.yaml')
  assert.ok(example)
  const documents = documentsOf(example.text) as { readonly kind: string }[]
  for (const [kind, schema] of Object.entries<object>(KINDS)) {
    const shown = documents
      .filter(document => document.kind === kind)
      .flatMap(document => writtenFields(document, ''))
    const missing = fieldNames(schema).filter(field => !shown.includes(field))
    assert.deepEqual(missing, [], `${kind} fields that the example does not show`)
  }
})

/** `spec.discovery.endpoints[].url` and the like. */
function writtenFields(value: unknown, prefix: string): string[] {
  if (Array.isArray(value)) return value.flatMap(item => writtenFields(item, `${prefix}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = prefix === '' ? key : `${prefix}.${key}`
    return [field, ...writtenFields(inner, field)]
  })
}
