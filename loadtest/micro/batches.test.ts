// Timing of small pieces: every piece in every batch, and bars that follow the machine.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { scaled, type Timed, timeAll } from './batches.ts'

const timedAs = (name: string, median: number, barNs?: number): Timed => ({
  name,
  barNs,
  ns: { median, min: median, max: median, count: 9 },
})

test('each piece of work gets a figure from every batch, promises included', async () => {
  let square = 0
  const works = [
    { name: 'sync', run: () => Math.sqrt((square += 1)) },
    { name: 'async', run: () => Promise.resolve(1), barNs: 5 },
  ]
  const timed = await timeAll(works, { batches: 7, batchMs: 1 }, seededRandom(1))
  assert.deepEqual(
    timed.map(({ name, barNs, ns }) => [name, barNs, ns.count]),
    [
      ['sync', undefined, 7],
      ['async', 5, 7],
    ],
  )
  assert.ok(square > 7)
  for (const { ns } of timed) assert.ok(ns.median > 0 && ns.min <= ns.max)
})

test('bars grow and shrink with the yardstick of the same run', () => {
  const bars = (yardstick: number): readonly (number | undefined)[] =>
    scaled([timedAs('parse', yardstick), timedAs('guard', 9, 50), timedAs('free', 9)], {
      name: 'parse',
      ns: 10,
    }).map(({ barNs }) => barNs)
  assert.deepEqual(bars(10), [undefined, 50, undefined])
  assert.deepEqual(bars(30), [undefined, 150, undefined])
  assert.deepEqual(bars(5), [undefined, 25, undefined])
})

test('without its yardstick a run has no bars', () => {
  const [row] = scaled([timedAs('guard', 9, 50)], { name: 'parse', ns: 10 })
  assert.equal(row?.barNs, undefined)
})
