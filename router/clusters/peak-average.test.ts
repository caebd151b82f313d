// What moves the average of times, how fast, and what it forgets.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeakAverage } from './peak-average.ts'

test('a longer time counts at once, shorter ones sink in over ten seconds', () => {
  const average = new PeakAverage()
  assert.equal(average.at(0), 1)
  average.add(100, 0)
  assert.equal(average.at(0), 100)
  average.add(20, 0)
  assert.equal(average.at(0), 100, 'in no time')
  average.add(20, 5_000)
  const kept = Math.exp(-0.5)
  assert.ok(Math.abs(average.at(5_000) - (100 * kept + 20 * (1 - kept))) < 0.01)
  average.add(90, 5_000)
  assert.equal(average.at(5_000), 90)
})

test('after five seconds of silence a time stands alone', () => {
  const average = new PeakAverage()
  average.add(1_000, 0)
  assert.ok(!average.isUnheard(5_000))
  assert.ok(average.isUnheard(5_001))
  average.add(20, 5_001)
  assert.equal(average.at(5_001), 20)
  assert.ok(!average.isUnheard(10_001))
})

test('while nothing comes it fades, down to the least, and it begins anew when told', () => {
  const average = new PeakAverage()
  average.add(5_000, 0)
  assert.ok(Math.abs(average.at(10_000) - 5_000 / Math.E) < 0.01)
  assert.equal(average.at(1_000_000), 1)
  average.begin(5)
  assert.equal(average.at(5), 1)
})
