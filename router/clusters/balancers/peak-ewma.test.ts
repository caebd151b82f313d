// Picks while nothing is in flight, where a cost alone would always name the same replica, and picks that a filter narrows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from '../endpoint.ts'
import { Balancer } from './balancer.ts'

const SEED = 20_260_728
const PICKS = 20_000
const always = (_one: Endpoint): boolean => true

const endpointUpAt = (place: number, sinceMs: number, weight = 1): Endpoint => {
  const endpoint = new Endpoint(instanceAt(8_000 + place, { weight }))
  endpoint.becomeUp(sinceMs)
  return endpoint
}

const warm = (count: number): readonly Endpoint[] =>
  Array.from({ length: count }, (_, place) => endpointUpAt(place, -60_000))

function balancerOf(endpoints: readonly Endpoint[]): Balancer {
  const balancer = new Balancer({ tierOf: () => 0, seed: SEED })
  for (const endpoint of endpoints) balancer.update(endpoint, 'serves')
  return balancer
}

/** Share of each endpoint where nothing is in flight. */
function sharesAt(
  nowMs: number,
  endpoints: readonly Endpoint[],
  mayTake = always,
): readonly number[] {
  const random = seededRandom(SEED)
  const balancer = balancerOf(endpoints)
  const counts = new Map<Endpoint | undefined, number>()
  for (let count = 0; count < PICKS; count += 1) {
    const picked = balancer.pick(mayTake, { nowMs, random })
    counts.set(picked, (counts.get(picked) ?? 0) + 1)
  }
  return endpoints.map(endpoint => (counts.get(endpoint) ?? 0) / PICKS)
}

const isNear = (share: number, expected: number, tolerance = 0.2): void =>
  assert.ok(
    Math.abs(share - expected) <= expected * tolerance,
    `share ${share}, expected ${expected} (seed ${SEED})`,
  )

test('weights are shares where nothing is in flight', () => {
  for (const weights of [
    [3, 1],
    [1, 1, 8],
    [1, 2, 3, 4, 5, 6],
    [100, 1, 1, 1, 1, 1],
  ]) {
    const whole = weights.reduce((sum, weight) => sum + weight, 0)
    const endpoints = weights.map((weight, place) => endpointUpAt(place, -60_000, weight))
    for (const [place, share] of sharesAt(0, endpoints).entries())
      isNear(share, (weights[place] ?? 0) / whole)
  }
})

for (const count of [3, 8]) {
  test(`of ${count} replicas that came up one after another, each takes its part from the start`, () => {
    const endpoints = Array.from({ length: count }, (_, place) =>
      endpointUpAt(place, 1_000 + place * 20),
    )
    for (const nowMs of [1_500, 5_000, 20_000, 60_000])
      for (const share of sharesAt(nowMs, endpoints)) isNear(share, 1 / count)
  })

  for (const weight of [1, 4]) {
    test(`a new one of weight ${weight} among ${count} takes what its weight is worth while it warms up`, () => {
      const old = Array.from({ length: count - 1 }, (_, place) => endpointUpAt(place, 0))
      const upMs = 100_000
      const endpoints = [...old, endpointUpAt(count, upMs, weight)]
      for (const [afterMs, warmth] of [
        [0, 0.1],
        [3_000, 0.1],
        [15_000, 0.5],
        [30_000, 1],
      ] as const) {
        const share = sharesAt(upMs + afterMs, endpoints).at(-1) ?? 0
        const worth = weight * warmth
        isNear(share, worth / (count - 1 + worth))
      }
    })
  }
}

test('the share of one that warms up grows while nothing else is heard of it', () => {
  const endpoints = [endpointUpAt(0, 0), endpointUpAt(1, 100_000)]
  const balancer = balancerOf(endpoints)
  const random = seededRandom(SEED)
  let late = 0
  for (let nowMs = 100_000; nowMs < 160_000; nowMs += 10)
    if (balancer.pick(always, { nowMs, random }) === endpoints[1] && nowMs >= 130_000) late += 1
  isNear(late / 3_000, 0.5)
})

test('where only one that warms up may take the call, it takes it', () => {
  const endpoints = [endpointUpAt(0, 0), endpointUpAt(1, 100_000)]
  assert.deepEqual(
    sharesAt(100_000, endpoints, one => one === endpoints[1]),
    [0, 1],
  )
})

test('an endpoint that may not take the call is never named, however cheap it is', () => {
  for (const count of [1, 3, 8]) {
    const endpoints = warm(count)
    for (const endpoint of endpoints.slice(1)) endpoint.observe(1_000, 0)
    const [barred] = endpoints
    const shares = sharesAt(0, endpoints, one => one !== barred)
    assert.equal(shares[0], 0)
    assert.equal(shares.reduce((sum, share) => sum + share, 0) > 0.999, count > 1)
  }
})

test('where one alone of many may take the call, it is found', () => {
  for (const count of [5, 50, 500]) {
    const endpoints = warm(count)
    const last = endpoints.at(-1)
    const balancer = balancerOf(endpoints)
    const random = seededRandom(SEED)
    const now = { nowMs: 0, random }
    for (let draw = 0; draw < 200; draw += 1)
      assert.equal(
        balancer.pick(one => one === last, now),
        last,
      )
    assert.equal(
      balancer.pick(() => false, now),
      undefined,
    )
  }
  assert.equal(balancerOf([]).pick(always, { nowMs: 0, random: () => 0 }), undefined)
})

test('a choice asks for chance once where there are few, and twice where there are many', () => {
  for (const [count, most] of [
    [1, 1],
    [4, 1],
    [5, 2],
    [100, 2],
  ] as const) {
    let asked = 0
    const random = (): number => {
      asked += 1
      return 0.999_999
    }
    balancerOf(warm(count)).pick(always, { nowMs: 0, random })
    assert.ok(asked <= most, `${count} replicas: ${asked} times`)
  }
})
