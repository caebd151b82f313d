// A file of any content is read in bounded time and never throws; places point where an editor would look.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LARGEST_FILE_BYTES, MOST_DOCUMENTS, readDocuments } from './read-documents.ts'

const read = (text: string) => readDocuments({ file: 'a.yaml', text })
const saysOf = (text: string) => read(text).problems.map(({ says }) => says)

test('each document knows the places of its values and of its keys', () => {
  const [, second] = read('a: 1\n---\nspec:\n  list:\n    - url: x\n').documents
  assert.ok(second)
  assert.deepEqual(second.place(['spec', 'list', 0, 'url']), { line: 5, column: 12 })
  assert.deepEqual(second.place(['spec', 'list', 0, 'url'], 'key'), { line: 5, column: 7 })
})

test('what is not written has the place of what is around it', () => {
  const [document] = read('spec:\n  health: { rise: 2 }\nempty:\n').documents
  assert.ok(document)
  assert.deepEqual(document.place(['spec', 'health', 'fall']), { line: 2, column: 11 })
  assert.deepEqual(document.place(['spec', 'health', 'rise', 'deeper']), { line: 2, column: 19 })
  assert.deepEqual(document.place(['empty']), { line: 3, column: 1 })
})

test('what an alias stands for has the place of the alias', () => {
  const [document] = read('a: &x { b: 1 }\nc: *x\n').documents
  assert.deepEqual(document?.place(['c', 'b']), { line: 2, column: 4 })
})

test('a byte order mark and carriage returns do not shift lines', () => {
  const [document] = read('\ufeffa: 1\r\nb: 2\r\n').documents
  assert.deepEqual(document?.place(['b'], 'key'), { line: 2, column: 1 })
})

test('a problem names file, place, field and severity', () => {
  const [document] = read('spec: { rise: 0 }\n').documents
  assert.deepEqual(document?.problem(['spec', 'rise'], 'too small', { severity: 'warning' }), {
    file: 'a.yaml',
    line: 1,
    column: 15,
    path: 'spec.rise',
    says: 'too small',
    severity: 'warning',
  })
})

test('words are not turned into booleans or dates, whatever version the file names', () => {
  const [document] = read('%YAML 1.1\n---\na: no\nb: 2020-01-01\nc: 0o17\n').documents
  assert.deepEqual(document?.value, { a: 'no', b: '2020-01-01', c: 15 })
})

test('a tag is refused, known to YAML or not', () => {
  assert.match(saysOf('a: !!binary aGk=\n').join(), /Unresolved tag/)
  assert.match(saysOf('a: !mine 1\n').join(), /Unresolved tag/)
})

test('a merge key is a key like any other', () => {
  const [document] = read('a: &x { b: 1 }\nc: { <<: *x }\n').documents
  assert.deepEqual(document?.value, { a: { b: 1 }, c: { '<<': { b: 1 } } })
})

test('a key that stands twice is a problem that names both places', () => {
  const [problem] = read('a:\n  b: 1\n  c: 2\n  b: 3\n').problems
  assert.deepEqual([problem?.line, problem?.column, problem?.path], [4, 3, 'a.b'])
  assert.match(problem?.says ?? '', /line 2, column 3/)
})

test('a file that is too large is refused unread', () => {
  const text = `a: ${'x'.repeat(LARGEST_FILE_BYTES)}`
  const { documents, problems, isWhole } = read(text)
  assert.deepEqual([documents.length, problems.length, isWhole], [0, 1, false])
  assert.match(problems[0]?.says ?? '', /bytes; at most 1048576 are read/)
})

test('a file of too many documents is refused before it is parsed', () => {
  assert.match(saysOf('---\n'.repeat(MOST_DOCUMENTS + 1)).join(), /at most 10000 documents/)
})

test('aliases that multiply, that are many, or that hold themselves are refused', () => {
  const levels = ['a: &a [1,1,1,1,1,1,1,1,1]', 'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]']
  levels.push('c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]', 'd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]')
  assert.match(saysOf(levels.join('\n')).join(), /stand for too much/)
  assert.match(saysOf(`a: &a 1\nb: [${'*a,'.repeat(101)}]`).join(), /more than 100 aliases/)
  assert.match(saysOf('&a\nx: *a\n').join(), /stands inside what it names/)
  assert.match(saysOf('a: *b\n').join(), /names no anchor/)
})

test('deep nesting is refused, as deep as the parser follows it and deeper', () => {
  for (const depth of [100, 100_000]) {
    const { documents, problems } = read(`a: ${'['.repeat(depth)}${']'.repeat(depth)}`)
    assert.equal(documents.length, 0)
    assert.deepEqual(
      problems.map(({ says }) => says),
      ['nested deeper than 40 levels'],
    )
  }
})

test('an empty document is a warning, an empty file holds none', () => {
  assert.deepEqual(
    read('---\n---\na: 1\n').problems.map(({ severity }) => severity),
    ['warning'],
  )
  assert.deepEqual(read('# only words\n'), { documents: [], problems: [], isWhole: true })
})

test('one broken document does not hide the others of its file', () => {
  const { documents, isWhole } = read('a: [1\n---\nb: 2\n')
  assert.deepEqual(
    documents.map(({ value }) => value),
    [{ b: 2 }],
  )
  assert.equal(isWhole, false)
})
