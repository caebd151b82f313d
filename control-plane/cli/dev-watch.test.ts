// What is news about the table, and what is not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newsOf } from './dev-watch.ts'

const table = (version: string, problem?: string) => ({
  version,
  loadedAtMs: 0,
  ...(problem === undefined ? {} : { problem }),
})

test('the first table and an unchanged one are no news', () => {
  assert.deepEqual(newsOf(undefined, table('a')), [])
  assert.deepEqual(newsOf(table('a'), table('a')), [])
  assert.deepEqual(newsOf(table('a', 'x'), table('a', 'x')), [])
})

test('a new table, a problem, and its end are each told once', () => {
  assert.deepEqual(newsOf(table('a'), table('b')), ['policies changed: table b is in force'])
  assert.deepEqual(newsOf(table('a'), table('a', 'x.yaml:1:1 no\ny')), [
    'policies cannot be used; the table before them stays:',
    '  x.yaml:1:1 no',
    '  y',
  ])
  assert.deepEqual(newsOf(table('a', 'x'), table('a')), ['policies are right again'])
  assert.deepEqual(newsOf(table('a', 'x'), table('b')), ['policies changed: table b is in force'])
})
