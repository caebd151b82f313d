// What opossum costs, and what it does beside its state, that no router may do: each shown on the package itself, and beside it
// that the breaker of an endpoint does not. When a version of the package stops doing it, the first half fails.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import CircuitBreaker from 'opossum'
import { BUCKETS, bare, fire, ours, oursHalfOpen, turn } from '#test/support/breakers.ts'
import { machineOptions } from './endpoint-breaker.ts'

test('percentiles: opossum sorts the whole window at each failure, ours has none of it', async t => {
  const breaker = bare(t, BUCKETS)
  await fire(breaker, 'good', 'good', 'bad')
  const read = t.mock.getter(Object.getPrototypeOf(breaker.status), 'stats')
  await fire(breaker, 'bad')
  assert.equal(read.mock.callCount(), 1)
  assert.equal(breaker.stats.latencyTimes.length, 4)

  const { faults } = ours(t)
  faults(5)
  assert.equal(read.mock.callCount(), 2)
  assert.equal(machineOptions(1).rollingPercentilesEnabled, false)
})

test('times of answers: opossum keeps one for each although nobody asks, ours fires for probes alone', async t => {
  const breaker = bare(t, { ...BUCKETS, rollingPercentilesEnabled: false })
  await fire(breaker, ...Array.from({ length: 50 }, () => 'good' as const))
  assert.equal(breaker.status.window[0]?.latencyTimes.length, 50)

  const fired = t.mock.method(CircuitBreaker.prototype, 'fire')
  const { breaker: endpoint } = oursHalfOpen(t)
  for (let count = 0; count < 50; count += 1) endpoint.settle(endpoint.begin(), 'none', 1_000)
  assert.equal(fired.mock.callCount(), 1)
})

test('timers: an opossum breaker has two for as long as it lives, ours none while it is closed and one while it is open', t => {
  const intervals = t.mock.method(globalThis, 'setInterval')
  const timeouts = t.mock.method(globalThis, 'setTimeout')
  const breaker = new CircuitBreaker(async () => undefined)
  t.after(() => breaker.shutdown())
  assert.equal(intervals.mock.callCount(), 2)

  const { faults } = ours(t)
  faults(4)
  assert.equal(timeouts.mock.callCount(), 0)
  faults(1)
  assert.equal(timeouts.mock.callCount(), 1)
  assert.equal(intervals.mock.callCount(), 2)
  assert.ok(machineOptions(1).rotateBucketController instanceof EventEmitter)
})

test('one abort controller for all calls: opossum aborts every one when a single one is late, ours has none', async t => {
  const abortController = new AbortController()
  const breaker = bare(t, { timeout: 50, abortController })
  await fire(breaker, 'never')
  t.mock.timers.tick(50)
  assert.equal(abortController.signal.aborted, true)
  await fire(breaker, 'good')
  assert.equal(abortController.signal.aborted, true, 'the next call begins with the same signal')

  const { abortController: none, timeout } = machineOptions(1)
  assert.deepEqual([none, timeout], [undefined, false])
})

test('a health check of its own: opossum goes on with it after the shutdown and opens again, ours asks for none', async t => {
  const breaker = bare(t)
  let asked = 0
  breaker.healthCheck(async () => {
    asked += 1
    if (asked > 1) throw new Error('bad')
  }, 1_000)
  breaker.shutdown()
  t.mock.timers.tick(1_000)
  await turn()
  assert.equal(breaker.opened, true)

  const checked = t.mock.method(CircuitBreaker.prototype, 'healthCheck')
  const { breaker: endpoint } = oursHalfOpen(t)
  endpoint.close()
  assert.equal(checked.mock.callCount(), 0)
})

test('an open state that is restored: opossum reckons from the making of the breaker that saved it, ours restores none', async t => {
  const first = bare(t)
  t.mock.timers.tick(50_000)
  first.open()
  const restored: CircuitBreaker.Options & { readonly state: unknown } = {
    resetTimeout: 1_000,
    state: first.toJSON().state,
  }
  t.mock.timers.tick(1)
  const second = new CircuitBreaker(async () => undefined, restored)
  t.after(() => second.shutdown())
  assert.equal(second.halfOpen, true, 'it has been open for a millisecond of its second')

  assert.equal(Object.hasOwn(machineOptions(1), 'state'), false)
})

test('times by the wall clock: opossum takes a step of it for an answer that took as long, ours reads no clock in it', async t => {
  const breaker = bare(t)
  const taken: number[] = []
  breaker.on('success', (_result, ms) => void taken.push(ms))
  const slow = Promise.withResolvers<void>()
  await fire(breaker, slow.promise)
  t.mock.timers.setTime(3_600_000)
  slow.resolve()
  await turn()
  assert.deepEqual(taken, [3_600_000])

  const { breaker: endpoint, faults, forMs } = ours(t)
  faults(4)
  t.mock.timers.setTime(7_200_000)
  faults(1)
  assert.equal(endpoint.view(0).sinceMs, 0)
  assert.deepEqual(forMs, [1_000])
})
