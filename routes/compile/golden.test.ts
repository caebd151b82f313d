// Pins what the compiler says to each document in `routes/golden`, word by word: a message is an interface too.
// `npm run golden:update` accepts what it says now; read the difference before you commit it.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { compileDocuments } from './compile-documents.ts'
import { formatProblem } from './problems.ts'

const folder = join(import.meta.dirname, '../golden')
const inputs = globSync(join(folder, '*.in.yaml')).sort()
const mayUpdate = process.env['RINGMAIN_GOLDEN_UPDATE'] === '1'

function outcome(input: string): string {
  const compiled = compileDocuments([{ file: basename(input), text: readFileSync(input, 'utf8') }])
  const shown =
    'problems' in compiled
      ? { problems: compiled.problems.map(problem => formatProblem(problem)) }
      : {
          warnings: compiled.warnings.map(problem => formatProblem(problem)),
          table: compiled.table,
        }
  return `${JSON.stringify(shown, undefined, 2)}\n`
}

test('there are golden documents to compile, and every output has its input', () => {
  assert.ok(inputs.length >= 15, `only ${inputs.length} golden documents`)
  const outputs = globSync(join(folder, '*.out.json'))
  const orphans = outputs.filter(output => !existsSync(output.replace('.out.json', '.in.yaml')))
  assert.deepEqual(orphans, [])
})

for (const input of inputs) {
  const output = input.replace('.in.yaml', '.out.json')
  test(`${basename(input)} compiles to what its output file says`, () => {
    if (mayUpdate) writeFileSync(output, outcome(input))
    assert.equal(outcome(input), readFileSync(output, 'utf8'))
  })
}

test('a document named as a problem has one, and any other compiles', () => {
  for (const input of inputs) {
    const isProblem = basename(input).startsWith('problem-')
    assert.equal('problems' in JSON.parse(outcome(input)), isProblem, basename(input))
  }
})
