// What it costs to choose a replica, among few and among very many: it must not grow with their number.
import { seededRandom } from '#foundation/clock.ts'
import { Balancer } from '#router/clusters/balancers/balancer.ts'
import { Endpoint } from '#router/clusters/endpoint.ts'
import type { Work } from './batches.ts'

/** Twice of what a choice by share cost where the bars were set. */
const BARS_NS: ReadonlyMap<number, number> = new Map([
  [3, 140],
  [100, 230],
  [10_000, 310],
])
const LONG_UP_MS = -60_000
const MOST_IN_FLIGHT = 512

/** A change of one replica and the first choice after it, among so many. */
const CHANGED = { count: 10_000, barNs: 26_000 } as const

export const choosingWorks = (): readonly Work[] => [
  ...[...BARS_NS].map(([count, barNs]) => {
    const balancer = new Balancer({ tierOf: () => 0, seed: count })
    for (const endpoint of replicas(count)) balancer.update(endpoint, 'serves')
    const now = { nowMs: 1_000, random: seededRandom(count) }
    return {
      name: `choose among ${count}`,
      barNs,
      run: () => balancer.pick(one => one.inFlight < MOST_IN_FLIGHT, now),
    }
  }),
  changeWork(),
]

function changeWork(): Work {
  const { count, barNs } = CHANGED
  const balancer = new Balancer({ tierOf: () => 0, seed: count })
  const endpoints = replicas(count)
  for (const endpoint of endpoints) balancer.update(endpoint, 'serves')
  const now = { nowMs: 1_000, random: seededRandom(count) }
  let place = 0
  return {
    name: `change one of ${count}, choose`,
    barNs,
    run() {
      const endpoint = endpoints[(place >>> 1) % count]
      if (endpoint !== undefined) balancer.update(endpoint, place % 2 === 0 ? 'out' : 'serves')
      place += 1
      return balancer.pick(one => one.inFlight < MOST_IN_FLIGHT, now)
    },
  }
}

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
