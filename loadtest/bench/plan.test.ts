// The order of a run and the end of warming.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { isWarm, planOf } from './plan.ts'

const run = {
  arms: ['direct', 'haproxy', 'router'],
  connections: [1, 16],
  rounds: 7,
  restarts: 3,
} as const

test('every arm is measured once a round and number of connections', () => {
  const steps = planOf(run, seededRandom(1)).flat()
  const places = steps.map(({ arm, connections, round }) => `${arm} ${connections} ${round}`)
  assert.equal(places.length, 3 * 2 * 7)
  assert.equal(new Set(places).size, places.length)
})

test('rounds are shared out among the starts, in order, and none is left empty', () => {
  const starts = planOf(run, seededRandom(1)).map(steps => [
    ...new Set(steps.map(({ round }) => round)),
  ])
  assert.deepEqual(starts, [
    [0, 1, 2],
    [3, 4],
    [5, 6],
  ])
})

test('the order differs from round to round and comes back with its seed', () => {
  const orders = (seed: number): readonly string[] =>
    planOf({ ...run, connections: [16] }, seededRandom(seed))
      .flat()
      .reduce<string[]>((all, { arm, round }) => {
        all[round] = `${all[round] ?? ''} ${arm}`
        return all
      }, [])
  assert.deepEqual(orders(5), orders(5))
  assert.ok(new Set(orders(5)).size > 1, orders(5).join(','))
})

test('warming ends when the rate has stopped rising, after many calls', () => {
  const at = (...rates: readonly number[]): boolean =>
    isWarm(rates.map(rps => ({ rps, calls: rps * 2 })))
  assert.equal(at(10_000, 10_000, 10_000), false, 'sixty thousand calls are few')
  assert.equal(at(15_000, 18_000, 20_000), false, 'it rises')
  assert.equal(at(18_000, 18_100, 17_900), true)
})

test('warming ends after enough calls, or when a busy machine would take for ever', () => {
  const slices = (count: number, rps: number): readonly { rps: number; calls: number }[] =>
    Array.from({ length: count }, (_, index) => ({ rps: rps * (index + 1), calls: rps * 2 }))
  assert.equal(isWarm(slices(5, 26_000)), true)
  assert.equal(isWarm(slices(19, 100)), false)
  assert.equal(isWarm(slices(20, 100)), true)
})
