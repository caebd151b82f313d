// How many calls may be under way: found from above while the loop has no rest, given back while it has, and held by none that matter.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Random, seededRandom } from '#foundation/clock.ts'
import { type ConcurrencyLimit, isBeyond, NO_LIMIT, nextLimit } from './concurrency-limit.ts'

type Reading = readonly [busyShare: number, inFlight: number, isReached?: boolean]

const times = (count: number, reading: Reading): readonly Reading[] =>
  Array.from({ length: count }, () => reading)

const after = (from: ConcurrencyLimit, readings: readonly Reading[]): ConcurrencyLimit =>
  readings.reduce(
    (limit, [busyShare, inFlight, isReached = false]) =>
      nextLimit(limit, { busyShare, inFlight }, isReached),
    from,
  )

test('there is none while the loop has rest, or few calls to be busy with', () => {
  for (const reading of [
    [0.979, 5_000],
    [1, 31],
  ] as const)
    assert.equal(after(NO_LIMIT, [reading]).most, Number.POSITIVE_INFINITY)
})

test('it comes down from what is under way, and never so far that the loop could be idle', () => {
  assert.equal(after(NO_LIMIT, [[1, 500]]).most, 450)
  const twice = [
    [1, 500],
    [1, 900],
  ] as const
  assert.equal(Math.round(after(NO_LIMIT, twice).most), 405)
  assert.equal(after(NO_LIMIT, times(40, [1, 100])).most, 32)
})

test('calls that wait while the loop has rest are not what it is busy with, and have their place', () => {
  const streams = after(NO_LIMIT, [[0.2, 5_000]])
  assert.deepEqual(after(streams, [[1, 5_031]]), streams)
  assert.equal(after(streams, [[1, 5_200]]).most, 5_032)
  const without = after(streams, times(5, [1, 5_200]))
  assert.equal(after(without, [[0.2, 5_000, true]]).most, 5_032)
})

test('it grows faster and faster while the loop has rest, and stays where that is short', () => {
  const found = after(NO_LIMIT, [[1, 100]])
  const growth = [1, 2, 3, 4].map(count => after(found, times(count, [0.5, 40, true])).most)
  assert.deepEqual(growth, [94, 102, 118, 150])
  assert.equal(after(found, times(9, [0.95, 90, true])).most, 90)
})

test('one that nobody reaches is given up after five readings, and not before', () => {
  const found = after(NO_LIMIT, [[1, 100]])
  assert.ok(after(found, times(4, [0.95, 40])).most < 200)
  assert.equal(after(found, times(5, [0.95, 40])).most, Number.POSITIVE_INFINITY)
})

test('it holds sheddable calls, sheddable_plus ones at twice as many, and none that are critical', () => {
  const limit = { most: 100, step: 4, waiting: 0 }
  const beyond = (inFlight: number): boolean[] =>
    (['sheddable', 'sheddable_plus', 'critical', 'critical_plus'] as const).map(criticality =>
      isBeyond(limit, inFlight, criticality),
    )
  assert.deepEqual(beyond(99), [false, false, false, false])
  assert.deepEqual(beyond(100), [true, false, false, false])
  assert.deepEqual(beyond(200), [true, true, false, false])
  assert.deepEqual(beyond(10_000), [true, true, false, false])
})

const TICK_MS = 5
const READ_EVERY = 50
const CAPACITY = 300 // calls a second
const REFUSAL_COST = 0.03 // of a call

/** A router that shares its time among the calls it carries, each of which waits for its tool first. */
function carry(random: Random, of: { readonly times: number; readonly toolMs: number }) {
  const calls: { readyMs: number; left: number }[] = []
  let limit = NO_LIMIT
  let [served, most, isReached, busyMs, debtMs] = [0, 0, false, 0, 0]
  const callMs = 1_000 / CAPACITY
  const arrive = (nowMs: number, isCritical: boolean): void => {
    if (isBeyond(limit, calls.length, isCritical ? 'critical' : 'sheddable')) {
      isReached = true
      debtMs += callMs * REFUSAL_COST
    } else calls.push({ readyMs: nowMs + of.toolMs, left: callMs })
  }
  const work = (nowMs: number): void => {
    const refusingMs = Math.min(TICK_MS, debtMs)
    debtMs -= refusingMs
    let leftMs = TICK_MS - refusingMs
    const ready = calls.filter(call => call.readyMs <= nowMs)
    for (const [index, call] of ready.toSorted((a, b) => a.left - b.left).entries()) {
      const given = Math.min(call.left, leftMs / (ready.length - index))
      call.left -= given
      leftMs -= given
    }
    busyMs += TICK_MS - leftMs
  }
  const ticks = 20_000 / TICK_MS
  for (let tick = 0; tick < ticks; tick += 1) {
    const perTick = (CAPACITY * TICK_MS) / 1_000
    for (let due = perTick * of.times; due > 0; due -= 1)
      if (random() < due) arrive(tick * TICK_MS, random() < 0.5 / of.times)
    work(tick * TICK_MS)
    for (const call of calls.filter(({ left }) => left < 1e-9)) {
      served += 1
      calls.splice(calls.indexOf(call), 1)
    }
    if (tick > ticks / 2) most = Math.max(most, calls.length)
    if (tick % READ_EVERY !== READ_EVERY - 1) continue
    const busyShare = busyMs / (TICK_MS * READ_EVERY)
    limit = nextLimit(limit, { busyShare, inFlight: calls.length }, isReached)
    isReached = false
    busyMs = 0
  }
  return { served: served / (CAPACITY * 20), most }
}

const SEED = 11

function held(t: TestContext, of: { readonly times: number; readonly toolMs: number }): void {
  t.diagnostic(`seed ${SEED}`)
  const { served, most } = carry(seededRandom(SEED), of)
  t.diagnostic(`${(served * 100).toFixed(0)} % of what can be served, ${most} calls at most`)
  assert.ok(served >= 0.8, `${served} of what can be served`)
  assert.ok(most < 400, `${most} calls under way`)
}

test('with five times too many calls nearly all that can be served is, and few are under way', t => {
  held(t, { times: 5, toolMs: 5 })
})

test('so it is where each call waits for its tool: the limit is found, whatever it must be', t => {
  held(t, { times: 5, toolMs: 400 })
})
