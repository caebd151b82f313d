// Near before far: what a tier keeps, what goes on to the next and when, and what panic changes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from '../endpoint.ts'
import { Balancer, type Standing } from './balancer.ts'
import { tierOf } from './place.ts'

const SEED = 20_260_728
const HERE = { zone: 'a', region: 'eu' }
const NOBODY_BARRED = (): boolean => true

function ground() {
  const random = seededRandom(SEED)
  const balancer = new Balancer({ tierOf: ({ instance }) => tierOf(instance, HERE), seed: SEED })
  let port = 0
  const add = (zone: string, standing: Standing, region = 'eu'): Endpoint => {
    port += 1
    const endpoint = new Endpoint(instanceAt(port, { zone, region }))
    endpoint.becomeUp(-60_000)
    balancer.update(endpoint, standing)
    return endpoint
  }
  /** Part of the calls that goes to each zone. */
  const zones = (mayTake: (endpoint: Endpoint) => boolean = NOBODY_BARRED, isPanic = false) => {
    const counts = new Map<string | undefined, number>()
    const picks = 20_000
    for (let count = 0; count < picks; count += 1) {
      const now = { nowMs: 0, random }
      const picked = isPanic ? balancer.pickInPanic(mayTake, now) : balancer.pick(mayTake, now)
      const zone = picked?.instance.zone
      counts.set(zone, (counts.get(zone) ?? 0) + 1)
    }
    return (zone: string): number => (counts.get(zone) ?? 0) / picks
  }
  return { balancer, add, zones }
}

const near = (got: number, expected: number): void =>
  assert.ok(Math.abs(got - expected) < 0.02, `${got}, expected ${expected} (seed ${SEED})`)

test('calls stay in the zone of the router while enough of it is healthy', () => {
  const { add, zones } = ground()
  for (let count = 0; count < 3; count += 1) add('a', 'serves')
  add('a', 'out')
  for (let count = 0; count < 9; count += 1) add('b', 'serves')
  assert.equal(zones()('a'), 1)
})

test('what a zone that fails can no longer take goes on to the next, in proportion', () => {
  const { balancer, add, zones } = ground()
  const mine = Array.from({ length: 4 }, () => add('a', 'serves'))
  for (let count = 0; count < 4; count += 1) add('b', 'serves')
  const kept = [1, 1, 0.7, 0.35, 0]
  for (const [down, part] of kept.entries()) {
    const lost = mine[down - 1]
    if (lost !== undefined) balancer.update(lost, down % 2 === 0 ? 'out' : 'ejected')
    const isEjected = (endpoint: Endpoint) =>
      mine.indexOf(endpoint) < down && mine.includes(endpoint)
    near(zones(endpoint => !isEjected(endpoint))('a'), part)
  }
})

test('a region comes before what is beyond it, and what is beyond takes calls when nothing else can', () => {
  const { balancer, add, zones } = ground()
  const second = add('b', 'serves')
  add('z', 'serves', 'us')
  assert.equal(zones()('b'), 1)
  balancer.update(second, 'out')
  assert.equal(zones()('z'), 1)
})

test('when every replica of a tier is full the next is asked, before anyone waits', () => {
  const { add, zones } = ground()
  const full = new Set([add('a', 'serves'), add('a', 'serves')])
  add('b', 'serves')
  const shares = zones(endpoint => !full.has(endpoint))
  assert.equal(shares('b'), 1)
  const [one] = full
  if (one !== undefined) full.delete(one)
  assert.equal(zones(endpoint => !full.has(endpoint))('a'), 1)
})

test('one that leaves takes its place in the counts along, whatever it was', () => {
  const { balancer, add, zones } = ground()
  const gone = [add('a', 'out'), add('a', 'ejected'), add('a', 'serves')]
  add('a', 'serves')
  add('b', 'serves')
  for (const endpoint of gone) balancer.update(endpoint, 'absent')
  for (const endpoint of gone) balancer.update(endpoint, 'absent')
  assert.equal(zones()('a'), 1)
})

test('one that moves to another zone, or takes another key, is counted where it is', () => {
  const { balancer, add, zones } = ground()
  const moved = add('a', 'serves')
  add('b', 'serves')
  moved.instance = instanceAt(1, { zone: 'c', region: 'us', key: 'renamed' })
  balancer.update(moved, 'serves')
  assert.equal(zones()('b'), 1)
  moved.instance = instanceAt(1, { zone: 'a', region: 'eu', key: 'again' })
  balancer.update(moved, 'serves')
  assert.equal(zones()('a'), 1)
})

test('another weight counts from the next call on', () => {
  const { balancer, add } = ground()
  const one = add('a', 'serves')
  const other = add('a', 'serves')
  const now = { nowMs: 0, random: seededRandom(SEED) }
  const share = () => {
    let count = 0
    for (let call = 0; call < 10_000; call += 1)
      if (balancer.pick(NOBODY_BARRED, now) === one) count += 1
    return count / 10_000
  }
  near(share(), 0.5)
  one.instance = { ...one.instance, weight: 9 }
  balancer.update(one, 'serves')
  near(share(), 0.9)
  balancer.update(other, 'out')
  assert.equal(share(), 1)
})

test('in panic near and far are one pool', () => {
  const { add, zones } = ground()
  add('a', 'serves')
  for (let count = 0; count < 3; count += 1) add('b', 'ejected')
  near(zones(NOBODY_BARRED, true)('a'), 0.25)
  assert.equal(
    ground().balancer.pickInPanic(NOBODY_BARRED, { nowMs: 0, random: () => 0.9 }),
    undefined,
  )
})

test('however replicas come, go and change, who is picked serves and may take the call, and while anybody may one is picked', t => {
  const random = seededRandom(SEED)
  t.diagnostic(`seed ${SEED}`)
  const standings: readonly Standing[] = ['serves', 'serves', 'ejected', 'out', 'absent']
  const balancer = new Balancer({ tierOf: ({ instance }) => tierOf(instance, HERE), seed: SEED })
  const endpoints = Array.from({ length: 200 }, (_, port) => {
    const zone = ['b', 'c'][port % 8] ?? 'a'
    return new Endpoint(instanceAt(1 + port, { zone, region: zone === 'c' ? 'us' : 'eu' }))
  })
  const now = { nowMs: 0, random }
  const some = <One>(list: readonly One[]): One => list[Math.floor(random() * list.length)] as One
  const standing = new Map<Endpoint, Standing>()
  for (let round = 0; round < 1_000_000; round += 1) {
    const changed = some(endpoints)
    if (round % 4 === 0) {
      const next = some(standings)
      changed.instance = { ...changed.instance, weight: 1 + Math.floor(random() * 5) }
      if (random() < 0.5) changed.becomeUp(now.nowMs - random() * 60_000)
      standing.set(changed, next)
      balancer.update(changed, next)
    }
    now.nowMs += random() * 20
    changed.inFlight = Math.floor(random() * 10)
    if (random() < 0.1) changed.penalise(1, now.nowMs)
    const most = random() * 12
    const isEjectedAllowed = random() < 0.5
    const mayTake = (endpoint: Endpoint) =>
      endpoint.inFlight < most && (isEjectedAllowed || standing.get(endpoint) === 'serves')
    const isListed = (endpoint: Endpoint) =>
      standing.get(endpoint) === 'serves' || standing.get(endpoint) === 'ejected'
    const picked = random() < 0.9 ? balancer.pick(mayTake, now) : balancer.pickInPanic(mayTake, now)
    if (picked === undefined)
      assert.ok(!endpoints.some(endpoint => isListed(endpoint) && mayTake(endpoint)))
    else assert.ok(isListed(picked) && mayTake(picked))
  }
})
