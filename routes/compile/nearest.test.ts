// The nearest known word: near enough to help, never so far that it misleads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editDistance, nearest, suggestion } from './nearest.ts'

test('the distance counts insertions, deletions, replacements and swaps of neighbours', () => {
  const pairs = [
    ['interval', 'interval', 0],
    ['intervall', 'interval', 1],
    ['nterval', 'interval', 1],
    ['intarval', 'interval', 1],
    ['inetrval', 'interval', 1],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
  ] as const
  for (const [left, right, distance] of pairs)
    assert.equal(editDistance(left, right), distance, `${left} → ${right}`)
})

test('the nearest word is found, whatever its case', () => {
  assert.equal(nearest('timout', ['interval', 'timeout', 'rise']), 'timeout')
  assert.equal(nearest('perendpoint', ['perEndpoint', 'streams']), 'perEndpoint')
})

test('a word far from all is not guessed at', () => {
  assert.equal(nearest('colour', ['interval', 'timeout']), undefined)
  assert.equal(nearest('ab', ['xy']), undefined)
})

test('a very long word costs no more than a long one', () => {
  assert.equal(nearest('x'.repeat(1_000_000), ['y'.repeat(64)]), undefined)
})

test('without a near word, what was given instead is said', () => {
  assert.equal(suggestion('tme', ['time'], '; none'), '; did you mean "time"?')
  assert.equal(suggestion('zzz', ['time'], '; none'), '; none')
})
