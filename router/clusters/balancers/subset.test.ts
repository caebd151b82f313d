// Some of many: each router uses few replicas, all routers together use all of them alike, and one that comes or goes moves
// hardly anything.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from '../endpoint.ts'
import { Balancer } from './balancer.ts'
import { rendezvousScore, subsetSize } from './rendezvous.ts'
import { REFRESH_MS } from './shares.ts'

const SEED = 20_260_728
const always = (): boolean => true

const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, place) => `node-${place}/mcp-${place}`)

function subsetOf(keys: readonly string[], seed: number): ReadonlySet<string> {
  const scored = keys.map(key => ({ key, score: rendezvousScore(seed, key) }))
  scored.sort((one, other) => one.score - other.score)
  return new Set(scored.slice(0, subsetSize(keys.length)).map(({ key }) => key))
}

/** `spread`: variance of one count by chance alone, as a part of its mean. */
function chiSquare(counts: readonly number[], spread = 1): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / (mean * spread), 0)
}

/** What chance alone exceeds once in a thousand times, by so many degrees of freedom (Wilson and Hilferty). */
const mostByChance = (freedom: number): number =>
  freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3

function poolOf(count: number) {
  const balancer = new Balancer({ tierOf: () => 0, seed: SEED })
  const endpoints = keysOf(count).map((key, place) => {
    const endpoint = new Endpoint(instanceAt(1 + place, { key }))
    endpoint.becomeUp(-60_000)
    balancer.update(endpoint, 'serves')
    return endpoint
  })
  const random = seededRandom(SEED)
  /** How often each was picked that was. */
  const picks = (number: number, nowMs = 0, mayTake: (one: Endpoint) => boolean = always) => {
    const counts = new Map<Endpoint | undefined, number>()
    for (let pick = 0; pick < number; pick += 1) {
      const picked = balancer.pick(mayTake, { nowMs, random })
      counts.set(picked, (counts.get(picked) ?? 0) + 1)
    }
    return counts
  }
  return { balancer, endpoints, picks }
}

test('up to fifty a router uses all, and above that twelve or twice the root', () => {
  for (const [count, size] of [
    [1, 1],
    [50, 50],
    [51, 15],
    [100, 20],
    [10_000, 200],
  ] as const) {
    assert.equal(subsetSize(count), size)
    assert.equal(poolOf(count).picks(size * 40).size, size)
  }
})

test('the picks of one router fall evenly on its subset', t => {
  const counts = [...poolOf(200).picks(100_000).values()]
  const most = mostByChance(counts.length - 1)
  t.diagnostic(`seed ${SEED}, chi square ${chiSquare(counts).toFixed(1)} of ${most.toFixed(1)}`)
  assert.ok(chiSquare(counts) < most)
})

test('the subsets of all routers together fall evenly on the replicas', t => {
  const keys = keysOf(200)
  const size = subsetSize(keys.length)
  const random = seededRandom(SEED)
  const counts = new Map(keys.map(key => [key, 0]))
  for (let router = 0; router < 100_000 / size; router += 1)
    for (const key of subsetOf(keys, random() * 2 ** 32))
      counts.set(key, (counts.get(key) ?? 0) + 1)
  const square = chiSquare([...counts.values()], 1 - size / keys.length)
  const most = mostByChance(keys.length - 1)
  t.diagnostic(`seed ${SEED}, chi square ${square.toFixed(1)} of ${most.toFixed(1)}`)
  assert.ok(square < most)
})

test('one that comes or goes changes the subsets by one part of all', t => {
  const random = seededRandom(SEED)
  for (const count of [90, 400, 2_490]) {
    const keys = keysOf(count)
    const fewer = keys.slice(1)
    assert.equal(subsetSize(count), subsetSize(count - 1))
    let changed = 0
    let all = 0
    for (let router = 0; router < 400; router += 1) {
      const seed = random() * 2 ** 32
      const before = subsetOf(keys, seed)
      all += before.size
      const after = subsetOf(fewer, seed)
      changed += [...after].filter(key => !before.has(key)).length
      for (const key of before) assert.ok(after.has(key) || key === keys[0])
    }
    t.diagnostic(`seed ${SEED}, ${count} replicas: ${((changed / all) * count).toFixed(2)} ÷ n`)
    assert.ok(changed / all <= 1 / count + 0.002)
  }
})

test('a replica that leaves is replaced by one other, at once', () => {
  const { balancer, picks } = poolOf(200)
  const before = picks(5_000)
  const [lost] = before.keys()
  if (lost !== undefined) balancer.update(lost, 'absent')
  const after = picks(5_000)
  assert.equal(after.size, before.size)
  assert.deepEqual(
    [...before.keys()].filter(endpoint => !after.has(endpoint)),
    [lost],
  )
})

test('where fewer than half of a subset may take calls it is widened until half of its size may, and narrowed again', () => {
  const { picks } = poolOf(200)
  const usual = new Set(picks(5_000).keys())
  const barred = new Set([...usual].slice(0, 20))
  const mayTake = (endpoint: Endpoint) => !barred.has(endpoint)
  picks(100, REFRESH_MS, mayTake)
  const widened = picks(5_000, 2 * REFRESH_MS, mayTake)
  assert.equal(widened.size, 15)
  assert.equal([...widened.keys()].filter(one => one !== undefined && !usual.has(one)).length, 6)
  picks(1, 3 * REFRESH_MS)
  assert.deepEqual(new Set(picks(5_000, 3 * REFRESH_MS).keys()), usual)
})

test('where none of a subset may take a call others do, in the same call', () => {
  const { picks } = poolOf(200)
  const usual = new Set(picks(5_000).keys())
  const elsewhere = picks(100, 0, endpoint => !usual.has(endpoint))
  assert.ok(!elsewhere.has(undefined))
})

test('of two tiers each has a subset of its own, of its own size', () => {
  const balancer = new Balancer({
    tierOf: ({ instance }) => (instance.zone === 'near' ? 1 : 2),
    seed: SEED,
  })
  for (const [place, key] of keysOf(300).entries()) {
    const zone = place < 100 ? 'near' : 'far'
    const endpoint = new Endpoint(instanceAt(1 + place, { key, zone }))
    endpoint.becomeUp(-60_000)
    balancer.update(endpoint, 'serves')
  }
  const random = seededRandom(SEED)
  const seen = new Set<Endpoint | undefined>()
  for (let pick = 0; pick < 2_000; pick += 1) seen.add(balancer.pick(always, { nowMs: 0, random }))
  assert.equal(seen.size, 20)
  assert.ok([...seen].every(endpoint => endpoint?.instance.zone === 'near'))
})
