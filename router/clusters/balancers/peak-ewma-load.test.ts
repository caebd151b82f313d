// Shares of picks under load, with a seed: everyone gets what its weight says, who is slow or fails gets little.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Load, serveCalls } from '#test/support/served-calls.ts'

const SEED = 20_260_728
const alike = (count: number): readonly number[] => Array.from({ length: count }, () => 1)

/** Of a pool of 10, 8 calls at once each: seven tenths of what it can do. */
const BUSY_TEN = { weights: alike(10), slots: 8, inFlight: 56, seed: SEED, calls: 60_000 } as const

/** By how much the share of all replicas of one weight is off what it should be, at worst. */
function worstError({ weights }: Load, shares: readonly number[]): number {
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  const errors = [...new Set(weights)].map(weight => {
    const its = shares.filter((_, place) => weights[place] === weight)
    const got = its.reduce((sum, share) => sum + share, 0)
    return Math.abs((got * whole) / (its.length * weight) - 1)
  })
  return Math.max(...errors)
}

for (const weights of [
  [3, 1],
  [1, 2, 3],
  [2, 1, 1, 1],
  [5, 1, 1, 1, 1],
  [5, 3, ...alike(8)],
]) {
  for (const isEven of [true, false]) {
    test(`weights ${weights.join()} are shares, idle and loaded, of calls that take ${isEven ? 'the same' : 'any'} time`, t => {
      for (const inFlight of [0.5, 1, 3, 10, 50]) {
        const load = { weights, isEven, inFlight, seed: SEED, calls: 20_000 }
        const error = worstError(load, serveCalls(load).shares)
        t.diagnostic(`seed ${SEED}, ${inFlight} in flight: off by ${(error * 100).toFixed(0)} %`)
        assert.ok(error <= 0.2, `${inFlight} in flight: ${error}`)
      }
    })
  }
}

for (const count of [2, 4, 5, 10]) {
  test(`${count} equal replicas share evenly`, t => {
    const load = { weights: alike(count), inFlight: count, seed: SEED }
    const { shares } = serveCalls(load)
    const most = Math.max(...shares) / Math.min(...shares)
    t.diagnostic(`seed ${SEED}, busiest ÷ idlest ${most.toFixed(2)}`)
    assert.ok(most < 1.25, String(most))
  })
}

for (const inFlight of [2, 20, 56]) {
  test(`of 10 replicas one that is ten times slower gets 1 % at most, with ${inFlight} calls in flight, and is hardly felt`, t => {
    const load = { ...BUSY_TEN, inFlight, fromMs: 1_000 }
    const healthy = serveCalls(load)
    const { shares, p99 } = serveCalls({ ...load, slower: new Map([[0, 10]]) })
    const [share = 1] = shares
    t.diagnostic(
      `seed ${SEED}, share ${(share * 100).toFixed(2)} %, p99 ${(p99 / healthy.p99).toFixed(2)} times the healthy one`,
    )
    assert.ok(share > 0 && share <= 0.01, String(share))
    assert.ok(p99 <= 1.5 * healthy.p99, `${p99} against ${healthy.p99}`)
  })
}

for (const count of [4, 10]) {
  test(`one of ${count} that fails within a millisecond gets 0.5 % at most after ten seconds`, t => {
    const load = { ...BUSY_TEN, weights: alike(count), inFlight: count * 4, fromMs: 10_000 }
    const [share = 1] = serveCalls({ ...load, failing: new Set([0]) }).shares
    t.diagnostic(`seed ${SEED}, share ${(share * 100).toFixed(3)} %`)
    assert.ok(share <= 0.005, String(share))
  })
}
