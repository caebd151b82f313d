// Sessions are opened within the slots of their cluster: a caller who asks for many at once opens no more than calls could.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend, type SentRequest } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import type { Endpoint, Learned } from './clusters/endpoint.ts'
import { RetryBudgets } from './retry-budget.ts'
import { Sessions } from './sessions.ts'

interface Ground {
  readonly ask: (askedMs?: number) => Promise<Awaited<ReturnType<Sessions['initialize']>>>
  /** Of the router's clock, and of its timers. */
  readonly pass: (ms: number) => Promise<void>
  readonly asked: () => readonly SentRequest[]
  readonly inFlight: () => readonly number[]
  readonly requests: FakeSend
}

/** Two replicas with two slots each, and a queue of two. */
function ground(t: TestContext, isSessionful = true): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const clusters = playedClusters()
  const table = tableOf('v1', clusterPolicy('crm'))
  const active = new ActiveTable(table, clusters.open)
  const learned: Learned = { ...MODERN, eras: ['legacy'], isSessionful }
  const replicas: readonly Endpoint[] = serveAt(active, clusters, {
    cluster: 'crm',
    ports: [1, 2],
    learned,
  })
  const requests = fakeSend()
  const sessions = new Sessions({
    active,
    sealer: createSealer(Buffer.alloc(32, 7)),
    send: requests.send,
    say: requests.say,
    nextId: () => 1,
    client: { name: 'ringmain', version: '1' },
    budgets: new RetryBudgets(() => 0),
    isBusy: () => false,
    nowMs: () => nowMs,
  })
  const call = callAs({
    era: 'legacy',
    version: '2025-11-25',
    server: table.virtualServers['default'] ?? assert.fail(),
    message: messageAs({ method: 'initialize', params: {} }),
  })
  return {
    ask: askedMs =>
      sessions.initialize(askedMs === undefined ? call : { ...call, arrivedMs: nowMs, askedMs }),
    pass: async ms => {
      nowMs += ms
      t.mock.timers.tick(ms)
      await settle()
    },
    asked: () => requests.sent.filter(({ method }) => method === 'initialize'),
    inFlight: () => replicas.map(endpoint => endpoint.inFlight),
    requests,
  }
}

/** Every replica opens what it was asked for, until nothing is asked any more. */
async function openAll({ requests }: Ground): Promise<void> {
  const waiting = (): SentRequest | undefined => requests.sent.find(one => one.overs.length === 0)
  for (let next = waiting(); next !== undefined; next = waiting()) {
    if (next.method !== 'initialize') await next.status(202)
    else await next.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'crm-1' })
    await settle()
  }
}

test('more than a cluster has slots for wait their turn, and are refused where its queue is full', async t => {
  const scene = ground(t)
  const openings = Array.from({ length: 7 }, () => scene.ask())
  await settle()
  assert.equal(scene.asked().length, 4)
  assert.deepEqual(scene.inFlight(), [2, 2])
  const last = await openings.pop()
  assert.ok(last !== undefined && 'refusal' in last)
  assert.equal(last.refusal.code, 'RINGMAIN_CLUSTER_BUSY')
  await openAll(scene)
  for (const outcome of await Promise.all(openings)) assert.ok('sessionToken' in outcome)
  assert.equal(scene.asked().length, 6)
  assert.deepEqual(scene.inFlight(), [0, 0])
})

test('a slot is given back by a handshake that fails, and the next goes to another replica', async t => {
  const scene = ground(t)
  const opening = scene.ask()
  await settle()
  const [first] = scene.asked()
  first?.fail('ECONNRESET')
  await settle()
  assert.equal(scene.asked().length, 2)
  assert.deepEqual(
    scene.inFlight().toSorted((one, other) => one - other),
    [0, 1],
  )
  await openAll(scene)
  assert.ok('sessionToken' in (await opening))
  assert.deepEqual(scene.inFlight(), [0, 0])
})

test('where the server keeps no sessions nothing is asked, and no slot is taken', async t => {
  const scene = ground(t, false)
  for (const outcome of await Promise.all(Array.from({ length: 20 }, () => scene.ask())))
    assert.ok('sessionToken' in outcome)
  assert.deepEqual([scene.asked().length, scene.inFlight()], [0, [0, 0]])
})

test('a caller waits for a slot no longer than it has said', async t => {
  const scene = ground(t)
  const openings = Array.from({ length: 4 }, () => scene.ask())
  const hasty = scene.ask(40)
  await settle()
  await scene.pass(40)
  const outcome = await hasty
  assert.ok('refusal' in outcome)
  assert.match(outcome.refusal.says ?? '', /in time/)
  await openAll(scene)
  await Promise.all(openings)
  assert.deepEqual([scene.asked().length, scene.inFlight()], [4, [0, 0]])
})
