// What discovery publishes and what checks find, put together: who serves which era, who is chosen, and when all is known.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { ERAS, type Era } from '#routes/route-table.ts'
import { clusterPolicy, instanceAt } from '#test/support/cluster-policy.ts'
import { type FakeDiscovery, fakeDiscovery } from '#test/support/fake-discovery.ts'
import { toolsNamed } from '#test/support/tools-named.ts'
import { UNDECIDED } from '#test/support/undecided.ts'
import { EraBalancers } from './balancers/era-balancers.ts'
import type { Choice } from './choice.ts'
import { Cluster } from './cluster.ts'
import type { Endpoint } from './endpoint.ts'
import { CheckPace } from './health/check-pace.ts'
import type { CheckResult } from './health/checker.ts'

interface Ground {
  readonly cluster: Cluster
  readonly discovery: FakeDiscovery
  readonly removed: string[]
  readonly log: string[]
  /** What the check of each key answers; one that is not named speaks modern. */
  readonly answers: Map<string, CheckResult | Promise<CheckResult>>
  readonly pass: (ms: number) => Promise<void>
}

const speaks = (eras: readonly Era[], ...tools: readonly string[]): CheckResult => ({
  ok: true,
  learned: { eras, isSessionful: false, tools: toolsNamed(...tools) },
})
const BAD: CheckResult = { ok: false, reason: 'no answer', isRefused: false }

function ground(t: TestContext): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const discovery = fakeDiscovery()
  const removed: string[] = []
  const log: string[] = []
  const answers: Ground['answers'] = new Map()
  const cluster = new Cluster(clusterPolicy('crm'), {
    discovery,
    check: async ({ key }) => answers.get(key) ?? speaks(['modern'], 'find'),
    balancers: new EraBalancers({ here: {}, seed: 7 }),
    pace: new CheckPace(seededRandom(7)),
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    random: seededRandom(7),
    decisions: UNDECIDED,
    hostRefusal: host => (host === '169.254.169.254' ? 'address … is link-local' : undefined),
    onRemoved: ({ key }) => void removed.push(key),
    log: (event, fields) =>
      void log.push(`${event} ${String(fields['ringmain.replica'] ?? fields['endpoints'])}`),
  })
  cluster.start()
  return {
    cluster,
    discovery,
    removed,
    log,
    answers,
    pass: async ms => {
      for (let step = 0; step < ms; step += 50) {
        nowMs += 50
        t.mock.timers.tick(50)
        for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
      }
    },
  }
}

const [A, B] = ['127.0.0.1:1', '127.0.0.1:2'] as const
function chosen(choice: Choice): string {
  if (choice.kind === 'endpoint') return choice.endpoint.key
  return choice.kind === 'none' ? choice.detail : choice.kind
}
const endpointOf = ({ cluster }: Ground, key: string): Endpoint =>
  cluster.endpoint(key) ?? assert.fail(`${key} is not known`)
const keys = (endpoints: Iterable<Endpoint>): readonly string[] =>
  [...endpoints].map(({ key }) => key).sort()

test('before anything is known nothing is chosen, and the reason says so', t => {
  const { cluster } = ground(t)
  assert.equal(chosen(cluster.choose('modern')), 'crm: no replica is registered')
  assert.equal(cluster.snapshot, undefined)
})

test('a replica serves once its check has passed, in the eras that were found', async t => {
  const scene = ground(t)
  const { cluster, discovery, answers, pass } = scene
  answers.set(B, speaks(['modern', 'legacy'], 'old'))
  discovery.publish(instanceAt(1), instanceAt(2))
  assert.equal(chosen(cluster.choose('modern')), 'crm: 0 of 2 replicas in service')
  await pass(150)
  assert.deepEqual(keys(cluster.serving('modern')), [A, B])
  assert.deepEqual(keys(cluster.serving('legacy')), [B])
  assert.equal(chosen(cluster.choose('legacy')), B)
})

test('what any replica in service offers is offered', async t => {
  const { cluster, discovery, answers, pass } = ground(t)
  answers.set(B, speaks(['legacy'], 'old'))
  discovery.publish(instanceAt(1), instanceAt(2))
  assert.equal(cluster.tool('find'), undefined)
  await pass(150)
  assert.deepEqual(
    ['find', 'old', 'nope'].map(name => cluster.tool(name) !== undefined),
    [true, true, false],
  )
})

test('a caller is served in its own era where a replica speaks it, and else in the other', async t => {
  const { cluster, discovery, pass } = ground(t)
  assert.equal(cluster.eraFor('legacy'), 'legacy', 'while nobody serves at all')
  discovery.publish(instanceAt(1))
  await pass(150)
  for (const era of ERAS) assert.equal(cluster.eraFor(era), 'modern')
})

test('who was tried is not named again; when all were, the reason counts them', async t => {
  const { cluster, discovery, pass } = ground(t)
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(150)
  for (let count = 0; count < 20; count += 1)
    assert.equal(chosen(cluster.choose('modern', new Set([A]))), B)
  assert.equal(
    chosen(cluster.choose('modern', new Set([A, B]))),
    'crm: none of 2 tried could be reached',
  )
})

test('a replica at its limit of calls or of streams takes none; when all are, the cluster is full', async t => {
  const scene = ground(t)
  const { cluster, discovery, pass } = scene
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(150)
  endpointOf(scene, A).inFlight = 2
  for (let count = 0; count < 20; count += 1) assert.equal(chosen(cluster.choose('modern')), B)
  endpointOf(scene, B).streams = 3
  assert.equal(chosen(cluster.choose('modern')), 'full')
  endpointOf(scene, B).streams = 2
  assert.equal(chosen(cluster.choose('modern')), B)
})

test('a replica that states a lower limit than the document is held to it, and one that states a higher is not', async t => {
  const scene = ground(t)
  const { cluster, discovery, pass } = scene
  discovery.publish(instanceAt(1, { concurrency: 1 }), instanceAt(2, { concurrency: 100 }))
  await pass(150)
  endpointOf(scene, A).inFlight = 1
  for (let count = 0; count < 20; count += 1) assert.equal(chosen(cluster.choose('modern')), B)
  endpointOf(scene, B).inFlight = 2
  assert.equal(chosen(cluster.choose('modern')), 'full')
})

test('a replica that discovery no longer names is gone at once, and its connections may close', async t => {
  const scene = ground(t)
  const { cluster, discovery, removed, pass } = scene
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(150)
  const gone = endpointOf(scene, A)
  discovery.publish(instanceAt(2))
  assert.deepEqual(removed, [A])
  assert.equal(gone.isRemoved, true)
  assert.equal(cluster.endpoint(A), undefined)
  assert.equal(chosen(cluster.choose('modern')), B)
})

test('a replica that drains keeps what it has and takes nothing new', async t => {
  const scene = ground(t)
  const { cluster, discovery, removed, pass } = scene
  discovery.publish(instanceAt(1))
  await pass(150)
  const before = endpointOf(scene, A)
  discovery.publish(instanceAt(1, { state: 'draining', weight: 5 }))
  assert.equal(endpointOf(scene, A), before)
  assert.equal(before.instance.weight, 5)
  assert.equal(chosen(cluster.choose('modern')), 'crm: 0 of 1 replicas in service')
  assert.deepEqual(removed, [])
})

test('another address under the same key is another replica, that must prove itself', async t => {
  for (const change of [{ host: '127.0.0.9' }, { port: 9 }, { path: '/other' }, { tls: true }]) {
    const scene = ground(t)
    const { cluster, discovery, removed, pass } = scene
    discovery.publish(instanceAt(1, { key: 'k' }))
    await pass(150)
    const before = endpointOf(scene, 'k')
    discovery.publish(instanceAt(1, { key: 'k', ...change }))
    assert.notEqual(endpointOf(scene, 'k'), before)
    assert.equal(before.isRemoved, true)
    assert.deepEqual(removed, ['k'])
    assert.deepEqual(keys(cluster.serving('modern')), [])
    t.mock.timers.reset()
  }
})

test('a held replica is released when its own check fails, and not before', async t => {
  const { discovery, answers, pass } = ground(t)
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(150)
  discovery.publish(instanceAt(1, { isHeld: true }), instanceAt(2))
  await pass(10_000)
  assert.deepEqual(discovery.released, [])
  answers.set(A, BAD)
  answers.set(B, BAD)
  await pass(10_000)
  assert.ok(discovery.released.length > 0)
  assert.ok(discovery.released.every(key => key === A))
})

test('a refusal seen by traffic takes a replica out at once; a fault has it asked at once', async t => {
  const scene = ground(t)
  const { cluster, discovery, answers, pass } = scene
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(2_000)
  cluster.refused(endpointOf(scene, A), 'ECONNREFUSED')
  assert.equal(chosen(cluster.choose('modern')), B)
  answers.set(B, { ...BAD, isRefused: true })
  cluster.suspect(endpointOf(scene, B))
  await pass(50)
  assert.equal(endpointOf(scene, B).health, 'down')
})

test('it is settled when each replica of the first set has been asked once, whatever the answer', async t => {
  const { cluster, discovery, answers, pass } = ground(t)
  const slow = Promise.withResolvers<CheckResult>()
  answers.set(A, slow.promise)
  answers.set(B, BAD)
  let isSettled = false
  void cluster.settled().then(() => {
    isSettled = true
  })
  await pass(150)
  assert.equal(isSettled, false)
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(150)
  assert.equal(isSettled, false)
  slow.resolve(speaks(['modern']))
  await pass(50)
  assert.equal(isSettled, true)
  await cluster.settled()
})

test('an empty set is settled, and so is a cluster that closes before it heard of any', async t => {
  const empty = ground(t)
  empty.discovery.publish()
  await empty.cluster.settled()
  t.mock.timers.reset()
  const closing = ground(t)
  const settled = closing.cluster.settled()
  await closing.cluster.close()
  await settled
  await closing.cluster.settled()
})

test('closing ends questions, waits and connections, and later news change nothing', async t => {
  const { cluster, discovery, removed, pass } = ground(t)
  discovery.publish(instanceAt(1), instanceAt(2))
  await pass(150)
  const waiting = cluster.slots.wait({ queue: 5, waitMs: 60_000 }, () => undefined)
  const closing = cluster.close() // from the first moment on nobody is chosen
  assert.equal(cluster.choose('modern').kind, 'none')
  await closing
  assert.deepEqual([await waiting, discovery.isClosed(), removed], [undefined, true, [A, B]])
  discovery.publish(instanceAt(3))
  assert.deepEqual(keys(cluster.endpoints), [])
})

test('what changes is told in the log', async t => {
  const { discovery, answers, log, pass } = ground(t)
  answers.set(A, BAD)
  discovery.publish(instanceAt(1))
  await pass(150)
  answers.set(A, speaks(['modern']))
  await pass(3_000)
  assert.deepEqual(log, ['discovery.changed 1', `endpoint.down ${A}`, `endpoint.up ${A}`])
})

test('a replica at a blocked address is down from the start, never asked, told of once, and let go when it is held', async t => {
  const scene = ground(t)
  const { cluster, discovery, log, answers, pass } = scene
  const blocked = { host: '169.254.169.254' }
  answers.set(A, BAD)
  discovery.publish(instanceAt(1, blocked), instanceAt(2))
  await pass(20_000)
  const endpoint = endpointOf(scene, A)
  assert.deepEqual(
    [endpoint.health, endpoint.reason, endpoint.checkedAtMs],
    ['down', 'address … is link-local', undefined],
  )
  cluster.suspect(endpoint)
  cluster.refused(endpoint, 'ECONNREFUSED')
  await pass(5_000)
  assert.deepEqual([endpoint.checkedAtMs, endpoint.reason], [undefined, 'address … is link-local'])
  assert.equal(chosen(cluster.choose('modern')), B)
  await cluster.settled()
  discovery.publish(instanceAt(1, { ...blocked, isHeld: true }), instanceAt(2))
  await pass(50)
  assert.deepEqual(discovery.released, [A])
  assert.equal(log.filter(line => line === `endpoint.blocked ${A}`).length, 1)
})
