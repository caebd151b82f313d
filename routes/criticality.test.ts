// How much a call matters: the order of the words, and that a caller can only lower its own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CRITICALITIES, criticalityNamed, lowered, rankOf } from './criticality.ts'

test('ranks rise from what is given up first', () => {
  assert.deepEqual(CRITICALITIES.map(rankOf), [0, 1, 2, 3])
})

test('a caller lowers its criticality to any below, and raises it to none', () => {
  for (const given of CRITICALITIES)
    for (const asked of CRITICALITIES)
      assert.equal(lowered(given, asked), rankOf(asked) < rankOf(given) ? asked : given)
  assert.equal(lowered('sheddable_plus', undefined), 'sheddable_plus')
})

test('a word that is none of the four names none, whatever it looks like', () => {
  for (const word of ['', 'CRITICAL', 'critical ', 'critical, critical', 'toString', 'batch'])
    assert.equal(criticalityNamed(word), undefined)
  assert.equal(criticalityNamed('sheddable_plus'), 'sheddable_plus')
})
