// Problems are printed to terminals and logs, and hold words of whoever wrote the document: quoting is what is at stake.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { either, formatProblem, found, inReadingOrder, pathText, quoted } from './problems.ts'

const problem = {
  file: 'clusters.yaml',
  line: 8,
  column: 11,
  path: 'spec.health.intervall',
  says: 'unknown key; did you mean "interval"?',
  severity: 'error',
} as const

test('a problem is one line with place, field and sentence', () => {
  assert.equal(
    formatProblem(problem),
    'clusters.yaml:8:11  spec.health.intervall: unknown key; did you mean "interval"?',
  )
})

test('a warning says that it is one, and a problem of a whole file names no field', () => {
  assert.equal(
    formatProblem({ ...problem, path: '', says: 'empty', severity: 'warning' }),
    'clusters.yaml:8:11  warning: empty',
  )
})

test('a path shows indexes in brackets and unusual keys in quotes', () => {
  assert.equal(pathText(['spec', 'endpoints', 2, 'url']), 'spec.endpoints[2].url')
  assert.equal(pathText(['spec', 'a b', 'c.d']), 'spec["a b"]["c.d"]')
  assert.equal(pathText([]), '')
})

test('text of others cannot steer the terminal', () => {
  assert.equal(quoted('a\u001b[31m\nb'), '"a\\u001b[31m\\nb"')
  assert.equal(quoted('a\u009bb\u202ec\u2028d'), '"a\\u009bb\\u202ec\\u2028d"')
  assert.equal(
    formatProblem({ ...problem, file: 'a\u001b.yaml' }).startsWith('a\\u001b.yaml'),
    true,
  )
})

test('a quoted URL keeps no password, however it is spelt', () => {
  assert.equal(quoted('http://user:secret@host/path'), '"http://…@host/path"')
  assert.equal(quoted('http://user:sec/ret@host'), '"http://…@host"')
  assert.doesNotMatch(quoted(`http://user:secret${'x'.repeat(100)}@host`), /secret/)
})

test('long text is cut', () => {
  assert.equal(quoted('x'.repeat(100)), `"${'x'.repeat(60)}…"`)
})

test('what was found is named by its shape', () => {
  const shapes = [[], {}, null, undefined, 7, Number.NaN, true, 'word'].map(value => found(value))
  const names = ['a list', 'a mapping', 'nothing', 'nothing', '7', 'NaN', 'true', '"word"']
  assert.deepEqual(shapes, names)
})

test('alternatives read as a sentence', () => {
  assert.equal(either(['a']), 'a')
  assert.equal(either(['a', 'b', 'c']), 'a, b or c')
})

test('problems come in the order of the files given, then of lines and columns', () => {
  const at = (file: string, line: number, column: number) => ({ ...problem, file, line, column })
  const sorted = inReadingOrder(
    [at('a', 2, 1), at('b', 9, 9), at('a', 1, 5), at('a', 1, 2)],
    ['b', 'a'],
  )
  assert.deepEqual(
    sorted.map(({ file, line, column }) => `${file}:${line}:${column}`),
    ['b:9:9', 'a:1:2', 'a:1:5', 'a:2:1'],
  )
})
