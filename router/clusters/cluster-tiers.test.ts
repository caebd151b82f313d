// Near and far in a cluster whose replicas are checked, ejected and full: who is chosen then, and that nobody waits before
// everyone that may be asked is.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { clusterPolicy, EJECTION, instanceAt } from '#test/support/cluster-policy.ts'
import { MODERN, playedClusters } from '#test/support/open-cluster.ts'
import type { Endpoint } from './endpoint.ts'
import type { CheckResult } from './health/checker.ts'

const SEED = 20_260_728
const BAD: CheckResult = { ok: false, reason: 'no answer', isRefused: true }
const CALLS = 4_000

/** Replicas in the zone of the router, at ports from 1 on, and in another one, at ports from 101 on. */
async function ground(t: TestContext, near: number, far: number) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const sick = new Set<string>()
  const played = playedClusters({
    check: async ({ key }) => (sick.has(key) ? BAD : { ok: true, learned: MODERN }),
    nowMs: () => nowMs,
    random: seededRandom(SEED),
    here: { zone: 'a' },
  })
  const connections = { perEndpoint: 2, minPerEndpoint: 2, streams: 10, queue: 10, waitMs: 1_000 }
  const ejection = { ...EJECTION, baseMs: 60_000 }
  const cluster = played.open(clusterPolicy('crm', { connections, ejection }))
  t.after(() => cluster.close())
  cluster.start()
  const instances = [
    ...Array.from({ length: near }, (_, place) => instanceAt(1 + place, { zone: 'a' })),
    ...Array.from({ length: far }, (_, place) => instanceAt(101 + place, { zone: 'b' })),
  ]
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 50) {
      nowMs += 50
      t.mock.timers.tick(50)
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
    }
  }
  played.source('crm').publish(...instances)
  await pass(40_000)
  const inZone = (zone: string): readonly Endpoint[] =>
    [...cluster.endpoints].filter(({ instance }) => instance.zone === zone)
  /** Part of the calls that stays in the zone of the router. */
  const kept = (): number => {
    let count = 0
    for (let call = 0; call < CALLS; call += 1) {
      const choice = cluster.choose('modern')
      if (choice.kind === 'endpoint' && choice.endpoint.instance.zone === 'a') count += 1
    }
    return count / CALLS
  }
  return { cluster, sick, pass, kept, near: inZone('a'), far: inZone('b') }
}

const isNear = (got: number, expected: number): void =>
  assert.ok(Math.abs(got - expected) < 0.03, `${got}, expected ${expected} (seed ${SEED})`)

test('replicas whose checks fail send a part of the calls on, and bring it back when they are up again', async t => {
  const { cluster, near, sick, pass, kept } = await ground(t, 4, 4)
  assert.equal(kept(), 1)
  for (const { key } of near.slice(0, 2)) sick.add(key)
  await pass(60_000)
  isNear(kept(), 0.7)
  assert.match(cluster.notes().join(), /30 % of its modern calls .* 2 of 4 replicas/)
  sick.clear()
  await pass(60_000)
  assert.equal(kept(), 1)
  assert.doesNotMatch(cluster.notes().join(), /beyond the nearest tier/)
})

test('replicas that traffic ejects are no longer healthy either', async t => {
  const { cluster, near, kept } = await ground(t, 4, 4)
  for (const endpoint of near.slice(0, 2)) {
    for (let call = 0; call < 6; call += 1)
      cluster.ejections.settle(endpoint, cluster.ejections.begin(endpoint), 'fault')
    assert.equal(endpoint.isEjected, true)
  }
  isNear(kept(), 0.7)
})

test('a call finds the next zone when its own is full, and none only when that is full as well', async t => {
  const { cluster, near, far } = await ground(t, 2, 1)
  for (const endpoint of near) endpoint.inFlight = 2
  const choice = cluster.choose('modern')
  assert.ok(choice.kind === 'endpoint' && choice.endpoint === far[0])
  for (const endpoint of far) endpoint.inFlight = 2
  assert.equal(cluster.choose('modern').kind, 'full')
})

test('who has tried all that is near goes on to what is far', async t => {
  const { cluster, near, far } = await ground(t, 2, 1)
  const choice = cluster.choose('modern', new Set(near.map(({ key }) => key)))
  assert.ok(choice.kind === 'endpoint' && choice.endpoint === far[0])
})

test('in panic near and far count alike: what is near takes no more than its part of all', async t => {
  const { cluster, near, far, sick, pass, kept } = await ground(t, 2, 4)
  const [last] = far.slice(-1)
  assert.ok(last)
  for (const endpoint of [...near.slice(0, 1), ...far.slice(0, 2)])
    for (let fault = 0; fault < 5; fault += 1)
      cluster.ejections.settle(endpoint, cluster.ejections.begin(endpoint), 'fault')
  assert.equal(cluster.ejections.isPanic('modern'), false)
  isNear(kept(), 0.7)
  sick.add(last.key)
  cluster.suspect(last)
  await pass(1_000)
  assert.equal(cluster.ejections.isPanic('modern'), true)
  isNear(kept(), 2 / 5)
})
