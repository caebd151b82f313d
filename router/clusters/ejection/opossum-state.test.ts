// What opossum does with the state of a breaker that no router may do, each shown on the package itself, and beside it that the breaker
// of an endpoint does not. When a version of the package stops doing it, the first half fails: then what stands around it here may go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import {
  BUCKETS,
  bare,
  fire,
  halfOpened,
  ours,
  oursHalfOpen,
  turn,
} from '#test/support/breakers.ts'
import { machineOptions } from './endpoint-breaker.ts'

test('a probe that never settles: opossum refuses every call from then on, ours lets another probe', async t => {
  const breaker = bare(t)
  await halfOpened(t, breaker)
  await fire(breaker, 'never')
  t.mock.timers.tick(3_600_000)
  await assert.rejects(breaker.fire('good'), /Breaker is open/)

  const { breaker: endpoint, pass } = oursHalfOpen(t)
  endpoint.begin()
  pass(5_001)
  assert.equal(endpoint.mayProbe, true)
})

test('a success of a call from before the opening: opossum closes on it, ours does not hear it', async t => {
  const breaker = bare(t)
  const early = Promise.withResolvers<void>()
  await fire(breaker, early.promise)
  await halfOpened(t, breaker)
  early.resolve()
  await turn()
  assert.equal(breaker.closed, true)

  const { breaker: endpoint, faults, pass } = ours(t)
  const ticket = endpoint.begin()
  faults(5)
  pass(1_000)
  endpoint.settle(ticket, 'good', 1_000)
  await turn()
  assert.equal(endpoint.state, 'half_open')
})

test('a failure that is filtered out: opossum takes it for a success and closes, to ours a caller that left says nothing', async t => {
  const breaker = bare(t, { errorFilter: () => true })
  await halfOpened(t, breaker)
  await fire(breaker, 'bad')
  assert.equal(breaker.closed, true)

  const { breaker: endpoint, pass } = oursHalfOpen(t)
  endpoint.settle(endpoint.begin(), 'none', 1_000)
  pass(1)
  await turn()
  assert.equal(endpoint.state, 'half_open')
  assert.equal(machineOptions(1).errorFilter, undefined)
})

test('one success after an outage: opossum lets everybody in at once and tells nobody, ours says so for a slow start', async t => {
  const breaker = bare(t)
  await halfOpened(t, breaker)
  await fire(breaker, 'good')
  await fire(breaker, ...Array.from({ length: 500 }, () => 'never' as const))
  assert.equal(breaker.stats.fires, 501)
  assert.equal(breaker.stats.rejects, 0)

  const { breaker: endpoint, restored } = oursHalfOpen(t)
  endpoint.settle(endpoint.begin(), 'good', 1_000)
  await turn()
  assert.equal(restored(), 1)
})

test('too many calls at once for a healthy server: opossum counts them as failures and opens, ours has no capacity', async t => {
  const breaker = bare(t, { capacity: 1 })
  await fire(breaker, 'never', 'good', 'good', 'good', 'good')
  assert.equal(breaker.opened, true)

  assert.equal(machineOptions(1).capacity, undefined)
})

test('an outage after successes, and with calls under way: opossum needs as many failures as there were, ours five', async t => {
  for (const before of ['good', 'never'] as const) {
    const breaker = bare(t, BUCKETS)
    await fire(breaker, ...Array.from({ length: 100 }, () => before))
    await fire(breaker, ...Array.from({ length: 100 }, () => 'bad' as const))
    assert.equal(breaker.closed, true, before)
    await fire(breaker, 'bad')
    assert.equal(breaker.opened, true, before)

    const { breaker: endpoint, faults } = ours(t)
    for (let count = 0; count < 100; count += 1) {
      const ticket = endpoint.begin()
      if (before === 'good') endpoint.settle(ticket, 'good', 0)
    }
    faults(5)
    assert.equal(endpoint.state, 'open')
    t.mock.timers.reset()
  }
})

test('failures from before an opening: opossum counts them again after it closed, ours begins at nothing', async t => {
  const breaker = bare(t, { ...BUCKETS, volumeThreshold: 5 })
  await fire(breaker, ...Array.from({ length: 6 }, () => 'bad' as const))
  assert.equal(breaker.opened, true)
  t.mock.timers.tick(1_000)
  await fire(breaker, 'good')
  assert.equal(breaker.closed, true)
  await fire(breaker, 'bad')
  assert.equal(breaker.opened, true)

  const { breaker: endpoint, faults } = oursHalfOpen(t)
  endpoint.settle(endpoint.begin(), 'good', 1_000)
  await turn()
  faults(4)
  assert.equal(endpoint.state, 'closed')
})

test('each trip is as long as the one before: opossum tries a dead server as often as ever, ours less and less and never together', async t => {
  const breaker = bare(t)
  const openedMs: number[] = []
  breaker.on('open', () => void openedMs.push(Date.now()))
  breaker.open()
  for (let trip = 0; trip < 3; trip += 1) {
    t.mock.timers.tick(1_000)
    await fire(breaker, 'bad')
  }
  assert.deepEqual(openedMs, [0, 1_000, 2_000, 3_000])

  const seed = 3
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const trips = [ours(t, random), ours(t, random)]
  for (const { faults, pass, forMs } of trips) {
    faults(5)
    for (let trip = 0; trip < 5; trip += 1) {
      pass(forMs.at(-1) ?? 0)
      faults(1)
      await turn()
    }
  }
  const [one = [], other = []] = trips.map(({ forMs }) => forMs)
  assert.ok((one.at(-1) ?? 0) >= 16_000, `the sixth lasts ${one.at(-1)} ms`)
  assert.notDeepEqual(one, other)
})
