// What a balancer holds a replica for, era by era, and what is said of tiers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import type { Era } from '#routes/route-table.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { Endpoint } from '../endpoint.ts'
import { EraBalancers } from './era-balancers.ts'

function ground() {
  const balancers = new EraBalancers({ here: { zone: 'a' }, seed: 7 })
  const isServing = (endpoint: Endpoint, era: Era) => endpoint.mayServe(era)
  let port = 0
  const add = (zone: string, ...eras: readonly Era[]): Endpoint => {
    port += 1
    const endpoint = new Endpoint(instanceAt(port, { zone }))
    endpoint.becomeUp(-60_000)
    endpoint.learned = { eras, isSessionful: false, tools: toolsNamed('t') }
    return endpoint
  }
  const update = (...endpoints: readonly Endpoint[]) => {
    for (const endpoint of endpoints) balancers.update(endpoint, isServing)
  }
  const nearest = (era: Era) => {
    const [tier] = balancers.of(era).tiers
    return tier === undefined ? undefined : [tier.healthy, tier.members]
  }
  return { balancers, add, update, nearest }
}

test('a replica counts for the eras that it speaks, and for both while nobody knows', () => {
  const { add, update, nearest } = ground()
  const modern = add('a', 'modern')
  update(modern, add('a', 'modern', 'legacy'))
  assert.deepEqual(
    [nearest('modern'), nearest('legacy')],
    [
      [2, 2],
      [1, 1],
    ],
  )
  modern.becomeDown('no answer')
  update(modern)
  assert.deepEqual(
    [nearest('modern'), nearest('legacy')],
    [
      [1, 2],
      [1, 1],
    ],
  )
  modern.learned = undefined
  update(modern)
  assert.deepEqual(
    [nearest('modern'), nearest('legacy')],
    [
      [1, 2],
      [1, 2],
    ],
  )
})

test('who was never asked, is blocked, set apart or gone is not missed', () => {
  const { add, update, nearest } = ground()
  const [unasked, blocked, apart, gone] = ['a', 'a', 'a', 'a'].map(zone => add(zone, 'modern'))
  for (const endpoint of [unasked, blocked, apart, gone]) if (endpoint) update(endpoint)
  assert.deepEqual(nearest('modern'), [4, 4])
  if (!unasked || !blocked || !apart || !gone) throw new Error('four were made')
  unasked.health = 'unknown'
  blocked.isBlocked = true
  blocked.becomeDown('not allowed')
  apart.apart = { modern: 'other tools' }
  gone.isRemoved = true
  const balancers = new EraBalancers({ here: {}, seed: 7 })
  for (const endpoint of [unasked, blocked, apart, gone]) balancers.update(endpoint, () => false)
  assert.deepEqual(balancers.of('modern').tiers, [])
})

test('a replica is told how near it is, and calls that leave the nearest tier are told of', () => {
  const { balancers, add, update } = ground()
  const near = Array.from({ length: 4 }, () => add('a', 'modern'))
  const far = add('b', 'modern')
  update(...near, far)
  assert.deepEqual([near[0]?.tier, far.tier], ['zone', 'region'])
  assert.deepEqual(balancers.notes(), [])
  for (const endpoint of near.slice(0, 2)) endpoint.becomeDown('no answer')
  update(...near)
  assert.deepEqual(balancers.notes(), [
    '30 % of its modern calls go beyond the nearest tier: 2 of 4 replicas there are healthy',
  ])
})

test('a datacenter that a cluster names first is nearer than the next', () => {
  const balancers = new EraBalancers({ here: {}, seed: 7, datacenters: ['east', 'west'] })
  const endpoints = ['west', 'east'].map((datacenter, place) => {
    const endpoint = new Endpoint(instanceAt(1 + place, { datacenter }))
    endpoint.becomeUp(-60_000)
    balancers.update(endpoint, () => true)
    return endpoint
  })
  const now = { nowMs: 0, random: seededRandom(7) }
  assert.equal(
    balancers.of('modern').pick(() => true, now),
    endpoints[1],
  )
  assert.deepEqual(
    endpoints.map(({ tier }) => tier),
    ['remote', 'zone'],
  )
})
