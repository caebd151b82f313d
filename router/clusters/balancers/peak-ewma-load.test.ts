// Shares of picks under load, with a seed: who is slow or fails gets little, who may not take a call gets none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from '../endpoint.ts'
import { pickEndpoint } from './peak-ewma.ts'

const SEED = 20_260_728
const always = (): boolean => true

function warm(count: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) => {
    const endpoint = new Endpoint(instanceAt(8_000 + index))
    endpoint.becomeUp(-60_000)
    return endpoint
  })
}

interface Served {
  readonly share: (index: number) => number
  readonly most: number
}

/**
 * Calls that come evenly and are answered after the time of their replica; a negative time is a failure after as long.
 * In flight is what the balancer sees, so that it is its own choices that it meets again.
 */
function serve(
  endpoints: readonly Endpoint[],
  timesMs: readonly number[],
  everyMs: number,
): Served {
  const random = seededRandom(SEED)
  const counts = endpoints.map(() => 0)
  const ends: { atMs: number; index: number }[] = []
  const calls = 20_000
  for (let call = 0; call < calls; call += 1) {
    const nowMs = call * everyMs
    for (const end of ends.filter(({ atMs }) => atMs <= nowMs)) {
      ends.splice(ends.indexOf(end), 1)
      const endpoint = endpoints[end.index] as Endpoint
      const took = timesMs[end.index] ?? 0
      endpoint.inFlight -= 1
      if (took < 0) endpoint.penalise(-took, end.atMs)
      else endpoint.observe(took, end.atMs)
    }
    const picked = pickEndpoint(endpoints, always, { nowMs, random })
    const index = picked === undefined ? -1 : endpoints.indexOf(picked)
    counts[index] = (counts[index] ?? 0) + 1
    ;(picked as Endpoint).inFlight += 1
    ends.push({ atMs: nowMs + Math.abs(timesMs[index] ?? 0), index })
  }
  const share = (index: number): number => (counts[index] ?? 0) / calls
  return { share, most: Math.max(...counts) / Math.max(1, Math.min(...counts)) }
}

for (const count of [2, 4, 5, 10]) {
  test(`${count} equal replicas share evenly`, t => {
    const { most } = serve(
      warm(count),
      Array.from({ length: count }, () => 20),
      20 / count,
    )
    t.diagnostic(`seed ${SEED}, busiest ÷ idlest ${most.toFixed(2)}`)
    assert.ok(most < 1.25, String(most))
  })

  test(`one of ${count} that is ten times slower gets a small share, but is not forgotten`, t => {
    const times = Array.from({ length: count }, (_, index) => (index === 0 ? 200 : 20))
    const { share } = serve(warm(count), times, 40 / count)
    t.diagnostic(`seed ${SEED}, share ${(share(0) * 100).toFixed(2)} %`)
    assert.ok(share(0) < 0.35 / count, String(share(0)))
    assert.ok(share(0) > 0)
  })

  test(`one of ${count} that fails at once gets next to nothing`, t => {
    const times = Array.from({ length: count }, (_, index) => (index === 0 ? -1 : 20))
    const { share } = serve(warm(count), times, 40 / count)
    t.diagnostic(`seed ${SEED}, share ${(share(0) * 100).toFixed(3)} %`)
    assert.ok(share(0) < 0.01, String(share(0)))
  })
}

test('weight is share', () => {
  const endpoints = warm(2)
  const [heavy] = endpoints
  if (heavy !== undefined) heavy.instance = instanceAt(8_000, { weight: 3 })
  const { share } = serve(endpoints, [20, 20], 2)
  assert.ok(Math.abs(share(0) - 0.75) < 0.05, String(share(0)))
})

test('an endpoint that may not take the call is never named, however cheap it is', () => {
  for (const count of [1, 3, 8]) {
    const endpoints = warm(count)
    for (const endpoint of endpoints.slice(1)) endpoint.observe(1_000, 0)
    const [barred] = endpoints
    const random = seededRandom(SEED)
    for (let draw = 0; draw < 2_000; draw += 1) {
      const picked = pickEndpoint(endpoints, one => one !== barred, { nowMs: 0, random })
      assert.notEqual(picked, barred)
      assert.equal(picked === undefined, count === 1)
    }
  }
})

test('where one alone of many may take the call, it is found', () => {
  const endpoints = warm(50)
  const last = endpoints.at(-1)
  const random = seededRandom(SEED)
  for (let draw = 0; draw < 200; draw += 1)
    assert.equal(
      pickEndpoint(endpoints, one => one === last, { nowMs: 0, random }),
      last,
    )
  assert.equal(
    pickEndpoint(endpoints, () => false, { nowMs: 0, random }),
    undefined,
  )
  assert.equal(pickEndpoint([], always, { nowMs: 0, random }), undefined)
})

test('a choice among warm replicas asks for chance once where there are few, and twice where there are many', () => {
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
    pickEndpoint(warm(count), always, { nowMs: 0, random })
    assert.ok(asked <= most, `${count} replicas: ${asked} times`)
  }
})
