// What it costs to choose a replica, among few and among very many: it must not grow with their number.
import { seededRandom } from '#foundation/clock.ts'
import { pickEndpoint } from '#router/clusters/balancers/peak-ewma.ts'
import { Endpoint } from '#router/clusters/endpoint.ts'
import type { Work } from './batches.ts'

/** Twice of what peak EWMA with two choices cost where the bars were set. */
const BARS_NS: ReadonlyMap<number, number> = new Map([
  [3, 70],
  [100, 104],
  [10_000, 112],
])
const LONG_UP_MS = -60_000
const MOST_IN_FLIGHT = 512

export const choosingWorks = (): readonly Work[] =>
  [...BARS_NS].map(([count, barNs]) => {
    const endpoints = replicas(count)
    const now = { nowMs: 1_000, random: seededRandom(count) }
    return {
      name: `choose among ${count}`,
      barNs,
      run: () => pickEndpoint(endpoints, one => one.inFlight < MOST_IN_FLIGHT, now),
    }
  })

function replicas(count: number): readonly Endpoint[] {
  const random = seededRandom(7)
  return Array.from({ length: count }, (_, index) => {
    const endpoint = new Endpoint({
      key: `10.0.0.1:${index}`,
      host: '10.0.0.1',
      port: 1 + index,
      weight: 1,
      state: 'ready',
    })
    endpoint.becomeUp(LONG_UP_MS) // warmed up, so that none is passed over
    endpoint.observe(1 + random() * 50, 0)
    return endpoint
  })
}
