// The 1.4 rule at every hundredth, and that no call is without a tier while anybody is healthy.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { type Spread, spreadLoad } from './spill.ts'

const SEED = 20_260_728

function loadsOf(...tiers: readonly (readonly [healthy: number, members: number])[]) {
  const spread: Spread[] = tiers.map(([healthy, members]) => ({ healthy, members, load: 0 }))
  spreadLoad(spread)
  return spread.map(({ load }) => load)
}

const close = (got: number | undefined, expected: number): void =>
  assert.ok(Math.abs((got ?? Number.NaN) - expected) < 1e-9, `${got}, expected ${expected}`)

test('the nearest tier takes 1.4 times its healthy part of the calls, and the next takes what is left', () => {
  for (let healthy = 0; healthy <= 100; healthy += 1) {
    const [near, far] = loadsOf([healthy, 100], [100, 100])
    close(near, healthy >= 72 ? 1 : (healthy * 1.4) / 100)
    close(far, 1 - (near ?? 0))
  }
})

test('the figures that Envoy documents hold', () => {
  for (const [healthy, percent] of [
    [72, 100],
    [71, 99],
    [50, 70],
    [25, 35],
    [0, 0],
  ] as const)
    assert.equal(Math.floor((loadsOf([healthy, 100], [100, 100])[0] ?? 0) * 100 + 1e-9), percent)
})

test('where all tiers together are too few each takes its part of what there is', () => {
  const loads = loadsOf([20, 100], [10, 100], [0, 100])
  close(loads[0], 2 / 3)
  close(loads[1], 1 / 3)
  assert.equal(loads[2], 0)
})

test('a tier that nobody is known of takes nothing, and none takes anything where nobody is healthy', () => {
  assert.deepEqual(loadsOf([0, 0], [3, 3]), [0, 1])
  assert.deepEqual(loadsOf([0, 4], [0, 3]), [0, 0])
})

test('parts are of one whole while anybody is healthy', t => {
  const random = seededRandom(SEED)
  t.diagnostic(`seed ${SEED}`)
  for (let round = 0; round < 20_000; round += 1) {
    const tiers = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
      const members = Math.floor(random() * 6)
      return [Math.floor(random() * (members + 1)), members] as const
    })
    const loads = loadsOf(...tiers)
    const isAnyHealthy = tiers.some(([healthy]) => healthy > 0)
    close(
      loads.reduce((sum, load) => sum + load, 0),
      isAnyHealthy ? 1 : 0,
    )
    assert.ok(loads.every(load => load >= 0 && load <= 1))
  }
})
