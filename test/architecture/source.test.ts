// The scanner under the rules: a rule that reads a comment as code, or code as text, is worth nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf } from './imports.ts'
import { readSource } from './source.ts'
import { readTree } from './tree.ts'

const codeOf = (text: string): string => readSource('x.ts', text).code.replace(/ +/g, ' ').trim()

test('comments are no code, and their text is kept apart', () => {
  const source = readSource('x.ts', 'a() // one\n/* two\nthree */ b()')
  assert.equal(source.code.replace(/ +/g, ' '), 'a() \n \n b()')
  assert.match(source.comments, /one\n.* two\nthree/)
})

test('what stands in quotes is no code, whatever it looks like', () => {
  assert.equal(codeOf(`f('// no', "it's", 'a\\'b') // yes`), `f(' ', " ", ' ')`)
})

test('a template is text, and its substitutions are code', () => {
  assert.equal(codeOf('`a ${ b({ c: `d ${e} // f` }) } g` + h'), '` ${ b({ c: ` ${e} ` }) } ` + h')
})

test('a regular expression is no comment and no division', () => {
  assert.equal(
    codeOf("x.replace(/\\/\\/[/']/g, '') // end"),
    "x.replace(/ /g, '')".replace('/ /g', ' g'),
  )
  assert.equal(codeOf('a / b / c // end'), 'a / b / c')
})

test('every character keeps its place', () => {
  for (const { path, text, code, comments } of readTree()) {
    assert.equal(code.length, text.length, path)
    assert.equal(comments.length, text.length, path)
  }
})

test('imports are seen in every form, with their line', () => {
  const text =
    "import a from 'a'\nimport type { B } from './b.ts'\nexport * from '../c.ts'\nimport 'd'\nawait import('e')"
  assert.deepEqual(
    importsOf(readSource('router/x.ts', text)).map(({ line, specifier, target }) => [
      line,
      specifier,
      target,
    ]),
    [
      [1, 'a', undefined],
      [2, './b.ts', 'router/b.ts'],
      [3, '../c.ts', 'c.ts'],
      [4, 'd', undefined],
      [5, 'e', undefined],
    ],
  )
})
