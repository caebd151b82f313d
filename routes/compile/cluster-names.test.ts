// References to clusters: the nearest name helps, but a folder of nothing but mistakes must not take minutes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anyCluster, clusterNames } from './cluster-names.ts'

test('a name that is near is suggested, otherwise the names there are', () => {
  const names = clusterNames(['search', 'books'])
  assert.deepEqual([names.has('books'), names.has('serach')], [true, false])
  assert.equal(names.hint('serach'), '; did you mean "search"?')
  assert.equal(names.hint('weather'), '; known: books, search')
})

test('a long list of names is cut, an empty one says so', () => {
  const many = Array.from({ length: 12 }, (_, index) => `cluster-${index + 10}`)
  assert.match(clusterNames(many).hint('x'), /cluster-19 and 2 more$/)
  assert.equal(clusterNames([]).hint('x'), '; no cluster is described')
})

test('guessing ends after a hundred mistakes', () => {
  const names = clusterNames(['search'])
  const hints = Array.from({ length: 101 }, () => names.hint('serach'))
  assert.equal(hints[99], '; did you mean "search"?')
  assert.equal(hints[100], '; known: search')
})

test('while a document cannot be read, no name is unknown', () => {
  assert.equal(anyCluster.has('anything'), true)
})
