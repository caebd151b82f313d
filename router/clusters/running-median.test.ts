// The running median: near the true one whatever the spread, unmoved by outliers, gone when nothing comes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { RunningMedian } from './running-median.ts'

test('it stands near the true median of a skewed stream, and follows it when the tool changes', t => {
  const seed = 11
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const median = new RunningMedian()
  const nearTo = (middleMs: number): void => {
    // Log-normal-like: the mean is far above the middle.
    for (let call = 0; call < 2_000; call += 1)
      median.add(middleMs * Math.exp(2 * (random() + random() + random() - 1.5)), call / 10)
    const at = median.at(200)
    assert.ok(at > middleMs * 0.6 && at < middleMs * 1.6, `${at} for ${middleMs}`)
  }
  nearTo(10)
  nearTo(200)
  nearTo(3)
})

test('one very slow answer hardly moves it', () => {
  const median = new RunningMedian()
  for (let call = 0; call < 100; call += 1) median.add(10, call)
  median.add(5_000, 100)
  assert.ok(median.at(100) < 11)
})

test('it fades without samples, so that a replica which got faster is tried again', () => {
  const median = new RunningMedian()
  assert.equal(median.at(5_000), 0)
  median.add(400, 0)
  assert.equal(median.at(10_000), 200)
  assert.ok(median.at(120_000) < 1)
})
