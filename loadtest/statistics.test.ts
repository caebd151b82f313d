// Figures of repeated measurements, without a measurement.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { median, shuffled, spreadOf } from './statistics.ts'

test('a median is the middle value, or the middle of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([9, 1, 5, 7]), 6)
  assert.ok(Number.isNaN(median([])))
})

test('one bad moment moves the range and not the middle', () => {
  assert.deepEqual(spreadOf([10, 11, 12, 13, 900]), { median: 12, min: 10, max: 900, count: 5 })
  assert.equal(spreadOf([]).count, 0)
})

test('a seed repeats an order, and another seed gives another', () => {
  const items = ['a', 'b', 'c', 'd', 'e', 'f']
  const order = (seed: number): string => shuffled(items, seededRandom(seed)).join('')
  assert.equal(order(7), order(7))
  assert.notEqual(order(7), order(8))
  assert.equal(order(7).split('').toSorted().join(''), 'abcdef')
})

test('every item comes first about as often as any other', () => {
  const random = seededRandom(1)
  const counts = [0, 0, 0]
  for (let time = 0; time < 3_000; time += 1) {
    const first = shuffled([0, 1, 2], random)[0] ?? 0
    counts[first] = (counts[first] ?? 0) + 1
  }
  for (const count of counts) assert.ok(count > 900 && count < 1_100, counts.join(' '))
})
