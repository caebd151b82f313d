// Shares of picks while nothing is in flight, where a cost alone would always name the same replica.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { Endpoint } from '../endpoint.ts'
import { pickEndpoint } from './peak-ewma.ts'

const SEED = 20_260_728
const PICKS = 20_000

function endpointUpAt(key: string, sinceMs: number): Endpoint {
  const endpoint = new Endpoint({ key, host: '127.0.0.1', port: 1, weight: 1, state: 'ready' })
  endpoint.becomeUp(sinceMs)
  return endpoint
}

/** Share of each endpoint where nothing is in flight. */
function sharesAt(nowMs: number, endpoints: readonly Endpoint[]): readonly number[] {
  const random = seededRandom(SEED)
  const counts = endpoints.map(() => 0)
  for (let count = 0; count < PICKS; count += 1) {
    const picked = pickEndpoint(endpoints, () => true, { nowMs, random })
    const index = picked === undefined ? -1 : endpoints.indexOf(picked)
    counts[index] = (counts[index] ?? 0) + 1
  }
  return counts.map(count => count / PICKS)
}

const isNear = (share: number, expected: number, tolerance: number): void =>
  assert.ok(
    Math.abs(share - expected) <= expected * tolerance,
    `share ${share}, expected ${expected} (seed ${SEED})`,
  )

for (const count of [3, 8]) {
  test(`of ${count} replicas that came up one after another, each takes its part from the start`, () => {
    const endpoints = Array.from({ length: count }, (_, index) =>
      endpointUpAt(`r${index}`, 1_000 + index * 20),
    )
    for (const nowMs of [1_500, 5_000, 20_000, 60_000])
      for (const share of sharesAt(nowMs, endpoints)) isNear(share, 1 / count, 0.2)
  })

  test(`a new one among ${count} takes its share of what it would take when warm`, () => {
    const old = Array.from({ length: count - 1 }, (_, index) => endpointUpAt(`r${index}`, 0))
    const upMs = 100_000
    const endpoints = [...old, endpointUpAt('new', upMs)]
    for (const [afterMs, warmth] of [
      [0, 0.1],
      [3_000, 0.1],
      [15_000, 0.5],
      [30_000, 1],
    ] as const) {
      const share = sharesAt(upMs + afterMs, endpoints).at(-1) ?? 0
      isNear(share, warmth / count, 0.2)
    }
  })
}

test('where only one that warms up may take the call, it takes it', () => {
  const endpoints = [endpointUpAt('busy', 0), endpointUpAt('new', 100_000)]
  const random = seededRandom(SEED)
  for (let count = 0; count < 1_000; count += 1) {
    const picked = pickEndpoint(endpoints, ({ key }) => key === 'new', { nowMs: 100_000, random })
    assert.equal(picked?.key, 'new')
  }
})
