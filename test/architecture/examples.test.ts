// Every policy folder under examples compiles: an example that does not work teaches the wrong thing.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import { formatProblem } from '#routes/compile/problems.ts'
import { filesMatching, root } from './tree.ts'

interface Document {
  readonly file: string
  readonly text: string
}

function problemsOf(documents: readonly Document[]): readonly string[] {
  const compiled = compileDocuments(documents)
  const found = 'problems' in compiled ? compiled.problems : compiled.warnings
  return found.map(problem => formatProblem(problem))
}

const folders = Object.entries(
  Object.groupBy(filesMatching('examples/**/policies*/*.{yaml,yml}'), dirname),
)

test('there are examples to check', () => {
  assert.ok(folders.length > 0)
})

for (const [folder, files = []] of folders)
  test(`${folder} compiles without a problem or a warning`, () => {
    const documents = files.map(file => ({
      file: basename(file),
      text: readFileSync(join(root, file), 'utf8'),
    }))
    assert.deepEqual(problemsOf(documents), [])
  })

test('an example with an unknown field is found', () => {
  const text =
    'apiVersion: ringmain.dev/v1\nkind: VirtualServer\nmetadata: { name: default }\nspek: {}\n'
  assert.notDeepEqual(problemsOf([{ file: 'planted.yaml', text }]), [])
})
