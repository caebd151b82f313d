// The generator of tests and simulations repeats itself; the system's clocks are told apart.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom, systemClock, systemRandom } from './clock.ts'

const take = (seed: number, count: number): readonly number[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, random)
}

test('a seed gives the same numbers again, another seed others', () => {
  assert.deepEqual(take(7, 100), take(7, 100))
  assert.notDeepEqual(take(7, 10), take(8, 10))
})

test('the numbers lie between 0 and 1, evenly', () => {
  const numbers = take(1, 100_000)
  assert.ok(numbers.every(number => number >= 0 && number < 1))
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = numbers.filter(number => Math.floor(number * 10) === tenth).length / 100_000
    assert.ok(Math.abs(share - 0.1) < 0.005, `${share} in tenth ${tenth}`)
  }
})

test('the interval clock is monotonic and the wall clock tells the time', () => {
  const first = systemClock.nowMs()
  assert.ok(systemClock.nowMs() >= first)
  assert.ok(Math.abs(systemClock.wallMs() - Date.now()) < 1_000)
  assert.ok(systemClock.wallMs() - systemClock.nowMs() > 1e12)
  const chance = systemRandom()
  assert.ok(chance >= 0 && chance < 1)
})
