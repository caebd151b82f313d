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

test('warming ends after enough calls, whatever the rate does', () => {
  assert.equal(isWarm([]), false)
  assert.equal(isWarm([30_000, 30_000, 29_000, 28_000, 27_000]), false)
  assert.equal(isWarm([130_000, 120_000]), true)
})

test('warming ends on a machine that is too busy to be warmed', () => {
  assert.equal(isWarm(Array.from({ length: 23 }, () => 100)), false)
  assert.equal(isWarm(Array.from({ length: 24 }, () => 100)), true)
})
