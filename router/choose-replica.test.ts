// Which replica takes an exchange: the one that holds the session, else the cheapest; with a session of the router's own where a
// legacy server wants one and the caller has none.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Deadline, Session } from '#router/facts.ts'
import type { Era } from '#routes/route-table.ts'
import { clusterPolicy, instanceAt, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeCaller, fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { freeTurn } from '#test/support/free-retries.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, type PlayedClusters, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import { chooseReplica, type ReplicaChoice, type Way } from './choose-replica.ts'
import type { Endpoint, Learned } from './clusters/endpoint.ts'

const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }
const STATELESS: Learned = { ...SESSIONFUL, isSessionful: false, legacyVersion: '2025-06-18' }
const A = '127.0.0.1:1'
const B = '127.0.0.1:2'

interface Ground {
  readonly active: ActiveTable
  readonly clusters: PlayedClusters
  readonly replicas: readonly Endpoint[]
  readonly requests: FakeSend
  readonly choose: (call?: {
    readonly era?: Era
    readonly session?: Session
    readonly tried?: readonly string[]
    readonly cluster?: string
    readonly caller?: FakeCaller
    readonly deadline?: Deadline
    readonly turn?: Way['turn']
  }) => Promise<ReplicaChoice>
  readonly pass: (ms: number) => Promise<void>
}

function ground(t: TestContext, learned: Learned = MODERN): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const state = { nowMs: 0 }
  const clusters = playedClusters({ nowMs: () => state.nowMs })
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const replicas = serveAt(active, clusters, { cluster: 'crm', ports: [1, 2], learned })
  const requests = fakeSend()
  let id = 1_000
  const ports = {
    active,
    send: requests.send,
    say: requests.say,
    nextId: () => (id += 1),
    client: { name: 'ringmain', version: '1' },
    nowMs: () => state.nowMs,
  }
  return {
    active,
    clusters,
    replicas,
    requests,
    choose: async ({
      era = 'modern',
      session,
      tried = [],
      cluster = 'crm',
      caller = fakeCaller(),
      deadline = fakeDeadline().deadline,
      turn = freeTurn(),
    } = {}) =>
      chooseReplica(
        ports,
        {
          era,
          caller,
          deadline,
          version: '2025-11-25',
          criticality: 'critical',
          passedHeaders: [],
          ...(session === undefined ? {} : { session }),
        },
        cluster,
        { tried: new Set(tried), turn },
      ),
    pass: async ms => {
      state.nowMs += ms
      t.mock.timers.tick(ms)
      await settle()
    },
  }
}

const boundTo = (endpoint: string, id = 'up-1'): Session => ({
  token: 't',
  serverName: 'default',
  version: '2025-11-25',
  members: [{ cluster: 'crm', version: '2025-06-18', id, endpoint }],
})

const said = (choice: ReplicaChoice): string =>
  choice.kind === 'refuse'
    ? choice.refusal.code
    : `${choice.replica.endpoint.key}${choice.replica.isBound ? ' bound' : ''}`

const fill = (endpoint: Endpoint | undefined): void => {
  if (endpoint !== undefined) endpoint.inFlight = 2
}

test('a modern call goes to any replica that was not tried', async t => {
  const { choose } = ground(t)
  assert.match(said(await choose()), /^127/)
  assert.equal(said(await choose({ tried: [A] })), B)
  const none = await choose({ tried: [A, B] })
  assert.ok(none.kind === 'refuse')
  assert.equal(none.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.match(none.refusal.says ?? '', /crm: none of 2 tried/)
  assert.equal(none.refusal.retryAfterMs, 1_000)
})

test('a cluster that is not in the table is refused by its name', async t => {
  const choice = await ground(t).choose({ cluster: 'gone' })
  assert.ok(choice.kind === 'refuse')
  assert.equal(choice.refusal.says, 'Cluster "gone" is not in the table.')
})

test('replicas of the other era take it where none speaks the caller’s, and are spoken to in their own', async t => {
  const modern = await ground(t).choose({ era: 'legacy' })
  assert.ok(modern.kind === 'replica')
  assert.equal(modern.replica.era, 'modern')
  assert.equal(modern.replica.legacy, undefined)
  t.mock.timers.reset()
  const legacy = await ground(t, STATELESS).choose()
  assert.ok(legacy.kind === 'replica')
  assert.equal(legacy.replica.era, 'legacy')
  assert.deepEqual(legacy.replica.legacy, { version: '2025-06-18' })
})

test('a legacy call to servers without sessions goes out under the version they speak', async t => {
  const { choose, requests } = ground(t, STATELESS)
  const choice = await choose({ era: 'legacy' })
  assert.ok(choice.kind === 'replica')
  assert.deepEqual(choice.replica.legacy, { version: '2025-06-18' })
  assert.equal(requests.sent.length, 0)
})

test('a session’s calls all reach the replica that holds it, under its own id', async t => {
  const { choose } = ground(t, SESSIONFUL)
  for (let count = 0; count < 10; count += 1) {
    const choice = await choose({ era: 'legacy', session: boundTo(B) })
    assert.equal(said(choice), `${B} bound`)
    assert.ok(choice.kind === 'replica')
    assert.deepEqual(choice.replica.legacy, { version: '2025-06-18', sessionId: 'up-1' })
  }
})

test('a session survives that its replica drains, but not that it is down, removed or gone', async t => {
  const { choose, clusters, replicas } = ground(t, SESSIONFUL)
  const session = boundTo(A)
  clusters.source('crm').publish(instanceAt(1, { state: 'draining' }), instanceAt(2))
  assert.equal(said(await choose({ era: 'legacy', session })), `${A} bound`)
  clusters.source('crm').publish(instanceAt(1, { state: 'down' }), instanceAt(2))
  assert.equal(said(await choose({ era: 'legacy', session })), 'RINGMAIN_SESSION_UNKNOWN')
  clusters.source('crm').publish(instanceAt(1), instanceAt(2))
  replicas[0]?.becomeDown('no answer')
  assert.equal(said(await choose({ era: 'legacy', session })), 'RINGMAIN_SESSION_UNKNOWN')
  clusters.source('crm').publish(instanceAt(2))
  assert.equal(said(await choose({ era: 'legacy', session })), 'RINGMAIN_SESSION_UNKNOWN')
})

test('a session outlives that its replica is ejected, but not that somebody gives it no calls', async t => {
  const { choose, active, replicas } = ground(t, SESSIONFUL)
  const breaker = active.cluster('crm')?.ejections.breakerOf(replicas[0] ?? assert.fail())
  for (let fault = 0; fault < 5; fault += 1) breaker?.settle(breaker.begin(), 'fault', 0)
  assert.equal(replicas[0]?.isEjected, true)
  assert.equal(said(await choose({ era: 'legacy', session: boundTo(A) })), `${A} bound`)
  breaker?.forceOpen()
  const lost = said(await choose({ era: 'legacy', session: boundTo(A) }))
  assert.equal(lost, 'RINGMAIN_SESSION_UNKNOWN')
})

test('a session at a cluster that keeps none goes to any replica', async t => {
  const { choose } = ground(t, STATELESS)
  const session: Session = { ...boundTo(A), members: [] }
  assert.equal(said(await choose({ era: 'legacy', session, tried: [A] })), B)
})

test('a full replica of a session is waited for, not left', async t => {
  const { choose, active, replicas } = ground(t, SESSIONFUL)
  fill(replicas[0])
  const choosing = choose({ era: 'legacy', session: boundTo(A) })
  await settle()
  active.cluster('crm')?.slots.free()
  await settle()
  assert.equal(active.cluster('crm')?.slots.length, 1)
  if (replicas[0] !== undefined) replicas[0].inFlight = 1
  active.cluster('crm')?.slots.free()
  assert.equal(said(await choosing), `${A} bound`)
})

test('a call waits for a slot as long as the cluster allows, and then says how long that was', async t => {
  const { choose, replicas, pass } = ground(t)
  for (const replica of replicas) fill(replica)
  const choosing = choose()
  await settle()
  await pass(100)
  const choice = await choosing
  assert.ok(choice.kind === 'refuse')
  assert.equal(choice.refusal.code, 'RINGMAIN_CLUSTER_BUSY')
  assert.match(choice.refusal.says ?? '', /within 100 ms, or its queue of 2 is full/)
})

test('a slot that came free is kept for the one who waited for it, until it is let go', async t => {
  const { choose, active, replicas } = ground(t)
  for (const replica of replicas) fill(replica)
  const choosing = choose()
  const other = choose()
  await settle()
  const [first] = replicas
  if (first !== undefined) first.inFlight = 1
  active.cluster('crm')?.slots.free()
  assert.equal(first?.inFlight, 2, 'counted before anybody runs')
  active.cluster('crm')?.slots.free()
  const choice = await choosing
  assert.ok(choice.kind === 'replica')
  assert.equal(choice.replica.endpoint, first)
  assert.equal(active.cluster('crm')?.slots.length, 1)
  choice.replica.letGo?.()
  assert.equal(first?.inFlight, 1)
  active.cluster('crm')?.slots.free()
  assert.equal(said(await other), A)
})

test('a caller who leaves, or whose time is over, gives up its place in the queue', async t => {
  const { choose, active, replicas } = ground(t)
  for (const replica of replicas) fill(replica)
  const caller = fakeCaller()
  const late = fakeDeadline()
  for (const [call, end] of [
    [{ caller }, caller.leave],
    [{ deadline: late.deadline }, late.end],
  ] as const) {
    const choosing = choose(call)
    await settle()
    assert.equal(active.cluster('crm')?.slots.length, 1)
    end()
    assert.equal(said(await choosing), 'RINGMAIN_CLUSTER_BUSY') // `forward` knows better, and says so
    assert.equal(active.cluster('crm')?.slots.length, 0)
  }
})

test('a session is not lost while discovery has not been heard of yet', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const requests = fakeSend()
  const choice = await chooseReplica(
    {
      active,
      send: requests.send,
      say: requests.say,
      nextId: () => 1,
      client: { name: 'ringmain', version: '1' },
      nowMs: () => 0,
    },
    {
      era: 'legacy',
      version: '2025-11-25',
      criticality: 'critical',
      session: boundTo(A),
      passedHeaders: [],
      caller: fakeCaller(),
    },
    'crm',
    { tried: new Set(), turn: freeTurn() },
  )
  assert.equal(said(choice), 'RINGMAIN_NO_HEALTHY_REPLICA')
})

test('a caller without a session gets one of its own at a server that keeps them, and it is ended again', async t => {
  const { choose, requests } = ground(t, SESSIONFUL)
  const choosing = choose({ era: 'legacy' })
  await settle()
  await requests
    .last('initialize')
    .result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'own' })
  await requests.last('notifications/initialized').status(202)
  const choice = await choosing
  assert.ok(choice.kind === 'replica')
  assert.deepEqual(choice.replica.legacy, { version: '2025-11-25', sessionId: 'own' })
  assert.equal(choice.replica.isBound, false)
  choice.replica.own?.end()
  assert.equal(requests.last('DELETE').header('mcp-session-id'), 'own')
})
