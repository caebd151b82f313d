// When a second try begins and how many there may be: from the times of the tool's own answers, and by a share of its calls.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { clusterPolicy } from '#test/support/cluster-policy.ts'
import { FirstBytes, Hedges } from './hedges.ts'

test('the delay is what 95 of 100 of the last thousand answers do not exceed', t => {
  const seed = 4_711
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const times = new FirstBytes()
  for (let count = 1; count < 20; count += 1) times.add(5)
  assert.equal(times.p95, undefined, 'of so few nothing is known')
  for (let count = 0; count < 5_000; count += 1) times.add(random() * 100)
  assert.ok(Math.abs((times.p95 ?? 0) - 95) < 4, String(times.p95))
  for (let count = 0; count < 1_000; count += 1) times.add(count < 960 ? 7 : 1_000)
  assert.equal(times.p95, 7, 'the older ones are forgotten')
})

test('a second try is never sooner than 20 ms, and not begun while nothing is known', () => {
  let nowMs = 0
  const hedges = new Hedges(() => nowMs)
  const crm = clusterPolicy('crm')
  const ask = (tookMs: number): number | undefined => {
    const hedge = hedges.begin(crm, 'find', {})
    nowMs += tookMs
    hedge.answered()
    return hedge.delayMs
  }
  assert.equal(ask(3), undefined)
  for (let count = 0; count < 50; count += 1) ask(3)
  assert.equal(ask(3), 20)
  for (let count = 0; count < 1_000; count += 1) ask(300)
  assert.equal(ask(3), 300)
  assert.equal(hedges.begin(crm, 'other', {}).delayMs, undefined, 'each tool has its own times')
  assert.equal(hedges.begin(crm, 'other', { afterMs: 250 }).delayMs, 250)
  assert.equal(hedges.begin(crm, 'other', { afterMs: 5 }).delayMs, 20)
})

test('two calls of a hundred are tried twice, and no more than a few at once after quiet hours', () => {
  const hedges = new Hedges(() => 0)
  const crm = clusterPolicy('crm')
  const slow = (calls: number): number => {
    let hedged = 0
    for (let call = 0; call < calls; call += 1)
      if (hedges.begin(crm, 'find', { afterMs: 50 }).take()) hedged += 1
    return hedged
  }
  const hedged = slow(10_000)
  assert.ok(hedged >= 199 && hedged <= 200, String(hedged))
  for (let call = 0; call < 10_000; call += 1) hedges.begin(crm, 'find', { afterMs: 50 })
  assert.equal(slow(10), 5)
  assert.equal(hedges.begin(clusterPolicy('crm'), 'find', { afterMs: 50 }).take(), false)
})
