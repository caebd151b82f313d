// Sessions that wait for their next call: whose they may become, for how long they wait, and how each of them ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterPolicy, instanceAt, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { manualAfter } from '#test/support/manual-after.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, type PlayedClusters, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { Endpoint, Learned } from './clusters/endpoint.ts'
import type { OwnSession, SessionTerms } from './own-session.ts'
import { SessionPool } from './session-pool.ts'

const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }
const TERMS: SessionTerms = {
  version: '2025-11-25',
  client: { name: 'ringmain', version: '1' },
  capabilities: {},
}

interface Ground {
  readonly pool: SessionPool
  readonly requests: FakeSend
  readonly active: ActiveTable
  readonly clusters: PlayedClusters
  readonly cluster: Cluster
  readonly replicas: readonly Endpoint[]
  readonly at: (index: number) => { readonly cluster: Cluster; readonly endpoint: Endpoint }
  /** Gives back one of this id that was opened just now. */
  readonly waits: (id: string, index?: number, terms?: SessionTerms) => void
  readonly borrow: (index?: number, terms?: SessionTerms) => string | undefined
  readonly pass: (ms: number) => void
  /** Ids that were ended, in order. */
  readonly ended: () => readonly unknown[]
  readonly timers: () => number
}

function ground(perEndpoint = 3, shareSessions = true): Ground {
  const time = manualAfter()
  const clusters = playedClusters({ nowMs: time.nowMs })
  const connections = { perEndpoint, minPerEndpoint: 1, streams: 3, queue: 2, waitMs: 100 }
  const policy = clusterPolicy('crm', { connections, shareSessions })
  const active = new ActiveTable(tableOf('v1', policy), clusters.open)
  const replicas = serveAt(active, clusters, { cluster: 'crm', ports: [1, 2], learned: SESSIONFUL })
  const cluster = active.cluster('crm') ?? assert.fail()
  const requests = fakeSend()
  const pool = new SessionPool({
    active,
    say: requests.say,
    nextId: () => 1,
    nowMs: time.nowMs,
    after: time.after,
  })
  const at: Ground['at'] = index => ({ cluster, endpoint: replicas[index] ?? assert.fail() })
  const session = (sessionId: string): OwnSession => ({
    context: { version: '2025-11-25', sessionId },
    openedMs: time.nowMs(),
  })
  return {
    pool,
    requests,
    active,
    clusters,
    cluster,
    replicas,
    at,
    waits: (id, index = 0, terms = TERMS) => pool.giveBack(at(index), terms, session(id)),
    borrow: (index = 0, terms = TERMS) => pool.borrow(at(index), terms)?.context.sessionId,
    pass: time.pass,
    timers: time.size,
    ended: () =>
      requests.sent
        .filter(({ method }) => method === 'DELETE')
        .map(one => one.header('mcp-session-id')),
  }
}

test('the session that was given back last is the first to be used again, by one call at a time', () => {
  const { pool, waits, borrow, ended } = ground()
  assert.equal(borrow(), undefined)
  waits('a')
  waits('b')
  assert.deepEqual([borrow(), borrow(), borrow()], ['b', 'a', undefined])
  assert.deepEqual(ended(), [])
  assert.deepEqual(pool.lent.get('crm'), { opened: 0, reused: 2, renewed: 0 })
})

test('without a word of the document no session is used twice', () => {
  const { pool, at, waits, borrow, ended } = ground(3, false)
  assert.equal(pool.mayShare(at(0)), false)
  waits('a')
  assert.equal(borrow(), undefined)
  assert.deepEqual(ended(), ['a'])
})

test('another replica, revision, client or anything else that can be asked means another session', () => {
  const { waits, borrow } = ground()
  waits('a')
  const others: readonly SessionTerms[] = [
    { ...TERMS, version: '2025-06-18' },
    { ...TERMS, client: { name: 'ringmain', version: '2' } },
    { ...TERMS, client: { name: 'other', version: '1' } },
    { ...TERMS, capabilities: { elicitation: {} } },
    { ...TERMS, capabilities: { roots: {} } },
  ]
  for (const terms of others) assert.equal(borrow(0, terms), undefined, JSON.stringify(terms))
  assert.equal(borrow(1), undefined)
  waits('e', 0, { ...TERMS, capabilities: { elicitation: {} } })
  assert.equal(borrow(0, { ...TERMS, capabilities: { elicitation: {} } }), 'e')
  assert.equal(borrow(), 'a')
})

test('no more wait at one replica than it is given calls at once; the one that waits longest is ended', () => {
  const { waits, borrow, ended, replicas, clusters } = ground(3)
  for (const id of ['a', 'b', 'c', 'd']) waits(id)
  waits('other', 1)
  assert.deepEqual(ended(), ['a'])
  assert.deepEqual([borrow(), borrow(), borrow(), borrow()], ['d', 'c', 'b', undefined])
  clusters.source('crm').publish(instanceAt(1, { concurrency: 1 }), instanceAt(2))
  assert.equal(replicas[0]?.mostOf(3), 1)
  for (const id of ['e', 'f']) waits(id)
  assert.deepEqual(ended(), ['a', 'e'])
})

test('no more than 4096 wait in all', () => {
  const { pool, waits, ended } = ground(4_096)
  waits('first', 1)
  for (let count = 0; count < 4_096; count += 1) waits(`s${count}`)
  assert.deepEqual(ended(), ['first'])
  assert.deepEqual([...pool.idle()], [['crm', 4_096]])
})

test('one that nobody uses is ended after a minute, by one timer for all, and none goes on when none waits', () => {
  const { pool, waits, pass, borrow, ended, timers } = ground()
  waits('a')
  pass(30_000)
  waits('b')
  assert.equal(timers(), 1)
  pass(29_000)
  assert.deepEqual(ended(), [])
  pass(1_000)
  assert.deepEqual(ended(), ['a'])
  pass(30_000)
  assert.deepEqual(ended(), ['a', 'b'])
  assert.deepEqual([timers(), borrow(), pool.idle().size], [0, undefined, 0])
})

test('one that is used again and again is ended at ten minutes', () => {
  const { pool, at, pass, ended } = ground()
  const old: OwnSession = { context: { version: '2025-11-25', sessionId: 'old' }, openedMs: 0 }
  for (let minute = 0; minute < 10; minute += 1) {
    pool.giveBack(at(0), TERMS, old)
    assert.ok(pool.borrow(at(0), TERMS), `minute ${minute}`)
    pass(60_000)
  }
  pool.giveBack(at(0), TERMS, old)
  assert.deepEqual(ended(), ['old'])
  assert.equal(pool.borrow(at(0), TERMS), undefined)
})

test('a replica that is ejected, drained or leaving loses those that wait, and gets none back from before', async () => {
  const scenes: Readonly<Record<string, (scene: Ground) => void>> = {
    ejected: ({ replicas: [first] }) => {
      if (first !== undefined) first.isEjected = true
    },
    drained: ({ clusters }) =>
      clusters.source('crm').publish(instanceAt(1, { state: 'draining' }), instanceAt(2)),
    leaving: ({ replicas: [first] }) => {
      if (first !== undefined) first.isLeaving = true
    },
  }
  for (const [name, happens] of Object.entries(scenes)) {
    const scene = ground()
    scene.waits('a')
    scene.waits('b', 1)
    happens(scene)
    assert.equal(scene.borrow(), undefined, name)
    scene.waits('late')
    scene.waits('c', 1)
    scene.pass(1_000)
    await settle()
    assert.deepEqual(scene.ended(), ['a', 'late'], name)
    assert.deepEqual([...scene.pool.idle()], [['crm', 2]], name)
  }
})

test('a replica that is down or gone is told nothing, and its sessions are forgotten', () => {
  const scene = ground()
  scene.waits('a')
  scene.replicas[0]?.becomeDown('no answer')
  scene.waits('b', 1)
  scene.clusters.source('crm').publish(instanceAt(1))
  scene.pass(1_000)
  assert.deepEqual([scene.ended(), scene.pool.idle().size], [[], 0])
})

test('a replica that was away does not get the sessions back that it had before', () => {
  const { waits, borrow, pass, replicas, ended } = ground()
  waits('before')
  pass(500)
  replicas[0]?.becomeDown('no answer')
  replicas[0]?.becomeUp(500)
  assert.equal(borrow(), undefined)
  waits('after')
  assert.equal(borrow(), 'after')
  assert.deepEqual(ended(), ['before'])
})

test('a replica that has forgotten one is believed to have forgotten them all', () => {
  const { pool, at, waits, borrow, ended } = ground()
  for (const id of ['a', 'b']) waits(id)
  waits('other', 1)
  pool.forgotten(at(0))
  assert.equal(borrow(), undefined)
  assert.equal(borrow(1), 'other')
  assert.deepEqual(ended(), ['a', 'b'])
})

test('a newer table has other replicas: those that wait are ended there by the names that they have now', async () => {
  const { active, clusters, waits, pass, ended } = ground()
  waits('a')
  const newer = clusterPolicy('crm', { shareSessions: true, vendor: 'other' })
  const applying = active.apply(tableOf('v2', newer))
  await settle()
  clusters.source('crm').publish(instanceAt(1))
  await applying
  pass(1_000)
  assert.deepEqual(ended(), ['a'])
})

test('the end of the router ends all of them, and what is given back after that', async () => {
  const { pool, waits, timers, requests, ended, borrow } = ground()
  waits('a')
  waits('b', 1)
  const closing = pool.close()
  assert.deepEqual(ended(), ['a', 'b'])
  let isClosed = false
  void closing.then(() => {
    isClosed = true
  })
  await settle()
  assert.equal(isClosed, false)
  for (const one of requests.sent) await one.status(200)
  await closing
  waits('late')
  assert.deepEqual([ended(), borrow(), timers()], [['a', 'b', 'late'], undefined, 0])
})
