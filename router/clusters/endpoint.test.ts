// How fast a replica seems to be: a slow answer counts at once, a fast one sinks in, a failure weighs, and what is past fades.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from './endpoint.ts'

const up = (differences: Parameters<typeof instanceAt>[1] = {}, atMs = 0): Endpoint => {
  const endpoint = new Endpoint(instanceAt(8_080, differences))
  endpoint.becomeUp(atMs)
  return endpoint
}

const close = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < expected / 1_000, `${actual} is not ${expected}`)

test('a sample above the average counts at once', () => {
  const endpoint = up()
  endpoint.observe(80, 1_000)
  close(endpoint.ewmaMs(1_000), 80)
  endpoint.observe(400, 1_001)
  close(endpoint.ewmaMs(1_001), 400)
})

test('a sample below it sinks in with a decay of ten seconds', () => {
  const endpoint = up()
  endpoint.observe(1_000, 0)
  endpoint.observe(100, 5_000)
  close(endpoint.ewmaMs(5_000), 1_000 * Math.exp(-0.5) + 100 * (1 - Math.exp(-0.5)))
})

test('a look is worth it when nothing was heard for five seconds and nothing is under way', () => {
  const endpoint = up()
  endpoint.observe(1_000, 0)
  assert.ok(!endpoint.isWorthALook(5_000))
  assert.ok(endpoint.isWorthALook(5_001))
  endpoint.inFlight = 1
  assert.ok(!endpoint.isWorthALook(5_001))
  endpoint.inFlight = 0
  endpoint.penalise(1, 5_001)
  assert.ok(!endpoint.isWorthALook(35_000))
  assert.ok(endpoint.isWorthALook(35_001))
  endpoint.penalise(1, 35_001, 60_000)
  endpoint.penalise(1, 36_000)
  assert.ok(!endpoint.isWorthALook(95_000), 'the longer of two rests holds')
  endpoint.warmUp(40_000)
  assert.ok(endpoint.isWorthALook(45_001), 'it is back, and begins anew')
})

test('one that asked to be left alone is not the cheapest by one answer meanwhile', () => {
  const endpoint = up()
  endpoint.penalise(1, 0, 60_000)
  endpoint.observe(10, 6_000) // of a session that lives there
  assert.ok(endpoint.ewmaMs(6_000) > 30_000, `${endpoint.ewmaMs(6_000)}`)
  endpoint.observe(10, 60_000)
  close(endpoint.ewmaMs(60_000), 10)
})

test('two samples of one instant are the higher one', () => {
  const endpoint = up()
  endpoint.observe(100, 5)
  endpoint.observe(10, 5)
  close(endpoint.ewmaMs(5), 100)
})

test('the average of an idle replica fades, and never below what is assumed of a new one', () => {
  const endpoint = up()
  endpoint.observe(5_000, 0)
  close(endpoint.ewmaMs(10_000), 5_000 * Math.exp(-1))
  close(endpoint.ewmaMs(30_000), 5_000 * Math.exp(-3))
  assert.equal(endpoint.ewmaMs(1_000_000), 1)
})

test('a failure counts as five seconds, or as long as it took or was asked for', () => {
  for (const [elapsedMs, retryAfterMs, expected] of [
    [2, 0, 5_000],
    [60_000, 0, 60_000],
    [2, 30_000, 30_000],
    [2, 3_600_000, 300_000],
  ] as const) {
    const endpoint = up()
    endpoint.penalise(elapsedMs, 0, retryAfterMs)
    close(endpoint.ewmaMs(0), expected)
    assert.equal(endpoint.faults, 1)
  }
})

test('a replica that fails fast costs more than one that is slow', () => {
  const failing = up()
  const slow = up()
  failing.penalise(1, 40_000)
  slow.observe(500, 40_000)
  assert.ok(failing.cost(40_000) > slow.cost(40_000) * 9)
})

test('cost grows with what is carried, the less the larger its part is', () => {
  const endpoint = up({}, -60_000)
  endpoint.observe(100, 0)
  close(endpoint.cost(0), 100)
  endpoint.inFlight = 3
  close(endpoint.cost(0), 400)
  close(endpoint.cost(0, 1), 500)
  close(endpoint.cost(0, 1, 2), 300)
})

test('streams are no load', () => {
  const endpoint = up({}, -60_000)
  endpoint.observe(100, 0)
  endpoint.streams = 50
  close(endpoint.cost(0), 100)
})

test('a replica that has just come up grows from a tenth to its whole share in thirty seconds', () => {
  const endpoint = up({}, 1_000)
  for (const [atMs, share] of [
    [1_000, 0.1],
    [4_000, 0.1],
    [16_000, 0.5],
    [31_000, 1],
    [90_000, 1],
  ] as const)
    close(endpoint.slowStart(atMs), share)
})

test('a replica that comes back starts anew: neither its past nor a full share at once', () => {
  const endpoint = up()
  endpoint.penalise(1, 50_000)
  endpoint.becomeDown('no answer')
  assert.deepEqual([endpoint.health, endpoint.reason], ['down', 'no answer'])
  endpoint.becomeUp(60_000)
  assert.deepEqual([endpoint.health, endpoint.reason], ['up', undefined])
  assert.equal(endpoint.ewmaMs(60_000), 1)
  close(endpoint.slowStart(60_000), 0.1)
})

test('it serves an era when it is up, ready, not removed, and was found to speak it', () => {
  const endpoint = up()
  assert.equal(endpoint.mayServe('modern'), false)
  endpoint.learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed() }
  assert.equal(endpoint.mayServe('modern'), true)
  assert.equal(endpoint.mayServe('legacy'), false)
  for (const state of ['draining', 'down'] as const) {
    endpoint.instance = instanceAt(8_080, { state })
    assert.equal(endpoint.mayServe('modern'), false)
  }
  endpoint.instance = instanceAt(8_080)
  endpoint.isRemoved = true
  assert.equal(endpoint.mayServe('modern'), false)
})

test('its origin tells scheme and host, IPv6 in brackets', () => {
  assert.equal(up().origin, 'http://127.0.0.1:8080')
  assert.equal(up({ host: '::1', tls: true }).origin, 'https://[::1]:8080')
  assert.equal(up({ host: 'tools.internal' }).origin, 'http://tools.internal:8080')
})

test('one that was never called seems as fast, as free and as lately heard of as one that was while it warmed up', () => {
  const views = (endpoint: Endpoint): unknown => [
    endpoint.limitNow,
    endpoint.typicalMs(12_000),
    endpoint.ewmaMs(12_000),
    [12_000, 15_000, 15_001].map(nowMs => endpoint.isWorthALook(nowMs)),
  ]
  const called = up()
  called.observe(80, 5_000)
  called.limit.lower({ least: 1, most: 8 }, 0, 0)
  called.warmUp(10_000)
  const fresh = up({}, 10_000)
  assert.deepEqual(views(fresh), [Number.POSITIVE_INFINITY, 0, 1, [false, false, true]])
  assert.deepEqual(views(called), views(fresh))
})
