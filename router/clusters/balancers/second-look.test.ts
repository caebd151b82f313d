// How long one late answer keeps a replica out, and what it costs callers to find out whether it is as it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from '../endpoint.ts'
import { Balancer } from './balancer.ts'

const SEED = 20_260_728
const USUAL_MS = 2
/** When the first of them is late, or fails. */
const FROM_MS = 20_000

interface Ground {
  readonly count?: number
  readonly perSecond: number
  /** What becomes of a call at the first replica, the so-and-so-manieth after `FROM_MS`; undefined: nothing special. */
  readonly first: (
    number: number,
  ) => number | { readonly failsFor: number; readonly retryAfterMs?: number } | undefined
  readonly weights?: readonly number[]
  readonly forMs?: number
}

interface Played {
  /** Times of the calls at the first replica from `FROM_MS` on. */
  readonly atMs: readonly number[]
  /** All from `FROM_MS` on. */
  readonly calls: number
}

/** Calls one after another, each answered before the next. */
function play({ count = 3, perSecond, first, weights = [], forMs = 120_000 }: Ground): Played {
  const random = seededRandom(SEED)
  const balancer = new Balancer({ tierOf: () => 0, seed: SEED })
  const endpoints = Array.from({ length: count }, (_, place) => {
    const endpoint = new Endpoint(instanceAt(8_000 + place, { weight: weights[place] ?? 1 }))
    endpoint.becomeUp(-60_000)
    balancer.update(endpoint, 'serves')
    return endpoint
  })
  const atMs: number[] = []
  let calls = 0
  for (let nowMs = 0; nowMs < FROM_MS + forMs; nowMs += 1_000 / perSecond) {
    const picked = balancer.pick(() => true, { nowMs, random })
    const isCounted = nowMs >= FROM_MS
    if (isCounted) calls += 1
    const isFirst = isCounted && picked === endpoints[0]
    if (isFirst) atMs.push(nowMs)
    const took = (isFirst ? first(atMs.length) : undefined) ?? USUAL_MS
    if (typeof took === 'number') picked?.observe(took, nowMs)
    else picked?.penalise(took.failsFor, nowMs, took.retryAfterMs)
  }
  return { atMs, calls }
}

const gapOf = ({ atMs: [one = Number.NaN, other = Number.POSITIVE_INFINITY] }: Played): number =>
  other - one

const shareOf = ({ atMs, calls }: Played): number => atMs.length / calls

for (const count of [3, 10]) {
  for (const lateMs of [50, 200, 1_000]) {
    for (const [perSecond, mostMs] of [
      [1_000, 5_500],
      [100, 5_500],
      [10, 12_000],
    ] as const) {
      test(`one answer after ${lateMs} ms keeps one of ${count} replicas out for ${mostMs} ms at most, at ${perSecond} calls/s`, t => {
        const played = play({
          count,
          perSecond,
          first: number => (number === 1 ? lateMs : undefined),
        })
        const share = shareOf(played)
        t.diagnostic(`seed ${SEED}: ${gapOf(played)} ms, its share of all ${share.toFixed(3)}`)
        assert.ok(gapOf(played) <= mostMs, String(gapOf(played)))
        assert.ok(share > 0.8 / count, 'after a good answer it is one of them again')
      })
    }
  }
}

for (const count of [3, 10])
  for (const perSecond of [10, 100, 1_000])
    test(`one of ${count} that stays slow is given 1 % at most, at ${perSecond} calls/s`, t => {
      const { atMs, calls } = play({ count, perSecond, first: () => 1_000 })
      const share = (atMs.length - 1) / calls // but for the one that showed it
      t.diagnostic(`seed ${SEED}: ${(share * 100).toFixed(3)} %`)
      assert.ok(share > 0 && share <= 0.01, String(share))
    })

test('where all but one of four are slow, those are given 1 % at most, together', () => {
  const random = seededRandom(SEED)
  const balancer = new Balancer({ tierOf: () => 0, seed: SEED })
  const endpoints = Array.from({ length: 4 }, (_, place) => new Endpoint(instanceAt(8_000 + place)))
  for (const endpoint of endpoints) {
    endpoint.becomeUp(-60_000)
    balancer.update(endpoint, 'serves')
    endpoint.observe(1_000, 0)
  }
  const [good] = endpoints
  good?.warmUp(0)
  let elsewhere = 0
  let calls = 0
  for (let nowMs = 0; nowMs < 100_000; nowMs += 10) {
    const picked = balancer.pick(() => true, { nowMs, random })
    picked?.observe(picked === good ? USUAL_MS : 1_000, nowMs)
    calls += 1
    if (picked !== good) elsewhere += 1
  }
  assert.ok(elsewhere <= calls / 100, String(elsewhere))
})

test('who failed is left alone for half a minute, and who asked for a minute for that', () => {
  const fails = (retryAfterMs?: number) => (number: number) =>
    number === 1
      ? { failsFor: 1, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
      : undefined
  const failed = gapOf(play({ perSecond: 100, first: fails() }))
  assert.ok(failed >= 30_000 && failed <= 31_000, String(failed))
  const asked = gapOf(play({ perSecond: 100, first: fails(60_000) }))
  assert.ok(asked >= 60_000 && asked <= 61_000, String(asked))
})

test('who is seldom called for its weight is called no more often for that', () => {
  for (const count of [3, 10]) {
    const weights = [1, ...Array.from({ length: count - 1 }, () => 100)]
    const first = () => undefined
    const share = shareOf(play({ count, perSecond: 100, weights, first, forMs: 600_000 }))
    const wanted = 1 / ((count - 1) * 100 + 1)
    assert.ok(Math.abs(share / wanted - 1) < 0.25, `${share} for ${wanted}`)
  }
})
