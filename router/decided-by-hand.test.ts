// What was decided by hand, and the changes that it outlives or ends with: another table, and another name.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { clusterPolicy, instanceAt } from '#test/support/cluster-policy.ts'
import { ejectingCluster } from '#test/support/ejecting-cluster.ts'
import { playedClusters } from '#test/support/open-cluster.ts'
import { UNDECIDED } from '#test/support/undecided.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Decisions } from './clusters/override.ts'
import { Overrides } from './overrides.ts'

const [A, B] = ['127.0.0.1:1', '127.0.0.1:2'] as const
const DRAIN = { state: 'draining', reason: 'a look', forMs: 60_000 } as const

const undecided = (t: TestContext): Overrides => {
  const overrides = new Overrides({ nowMs: () => 0, wallMs: () => 0 }, () => undefined)
  t.after(() => overrides.close())
  return overrides
}

const stateOf = (cluster: Cluster, key: string): string | undefined =>
  cluster.endpoint(key)?.instance.state

test('a table that is made ready obeys what was decided before, and what is decided and ended meanwhile', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const overrides = undecided(t)
  const played = playedClusters({ decisions: overrides.about('crm') })
  const opened = (): Cluster => {
    const cluster = played.open(clusterPolicy('crm'))
    t.after(() => cluster.close())
    cluster.start()
    played.source('crm').publish(instanceAt(1), instanceAt(2))
    return cluster
  }
  const before = opened()
  overrides.hold('crm', A, 'open')
  overrides.set('crm', B, DRAIN)
  const after = opened()
  for (const cluster of [before, after]) {
    assert.equal(cluster.endpoint(A)?.breaker?.held, 'open')
    assert.equal(stateOf(cluster, B), 'draining')
  }
  overrides.set('crm', A, DRAIN)
  overrides.hold('crm', B, 'closed')
  assert.equal(stateOf(after, A), 'draining')
  assert.equal(after.endpoint(B)?.breaker?.held, 'closed')
  overrides.hold('crm', A, undefined)
  t.mock.timers.tick(60_000)
  assert.deepEqual([stateOf(after, A), stateOf(after, B)], ['ready', 'ready'])
  assert.equal(after.endpoint(A)?.isEjected, false)
})

test('who takes over the address of a replica under another name is another one', async t => {
  const overrides = undecided(t)
  const { cluster, discovery, chosen } = await ejectingCluster(
    t,
    2,
    {},
    { decisions: overrides.about('crm') },
  )
  overrides.set('crm', A, DRAIN)
  overrides.hold('crm', A, 'open')
  assert.deepEqual([...chosen(50).keys()], [B])
  discovery.publish(instanceAt(1, { key: 'anew' }), instanceAt(2))
  assert.equal(stateOf(cluster, 'anew'), 'ready')
  assert.deepEqual(new Set(chosen(200).keys()), new Set(['anew', B]))
})

test('a breaker that is held open stays so for longer than a timer can be set to', async t => {
  const overrides = undecided(t)
  const { cluster, chosen } = await ejectingCluster(t, 2, {}, { decisions: overrides.about('crm') })
  overrides.hold('crm', A, 'open')
  t.mock.timers.tick(2_147_483_647)
  assert.equal(cluster.endpoint(A)?.breaker?.state, 'open')
  assert.deepEqual([...chosen(50).keys()], [B])
})

test('a call that waits gets a replica that is made ready again, at once', async t => {
  const overrides = undecided(t)
  const decisions = overrides.about('crm')
  const { cluster } = await ejectingCluster(t, 1, {}, { decisions })
  overrides.set('crm', A, DRAIN)
  const waiting = cluster.slots.wait({ queue: 1, waitMs: 1_000 }, () => {
    const choice = cluster.choose('modern')
    return choice.kind === 'endpoint' ? choice.endpoint.key : undefined
  })
  overrides.clear('crm', A)
  assert.equal(cluster.slots.length, 0)
  assert.equal(await waiting, A)
})

test('a cluster that is closed follows nothing any more', async () => {
  let followers = 0
  const decisions: Decisions = {
    ...UNDECIDED,
    follow: () => {
      followers += 1
      return () => {
        followers -= 1
      }
    },
  }
  const cluster = playedClusters({ decisions }).open(clusterPolicy('crm'))
  assert.equal(followers, 1)
  await cluster.close()
  assert.equal(followers, 0)
})
