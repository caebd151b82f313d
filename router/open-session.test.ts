// Sessions that are opened for a caller: a replica that opens none is blamed as for a call, another is asked, and not very many.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ClusterPolicy } from '#routes/route-table.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { answeredAs } from '#test/support/fake-body.ts'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { fakeDeadline } from '#test/support/fake-deadline.ts'
import { type FakeSend, fakeSend, type SentRequest } from '#test/support/fake-send.ts'
import { freeTurn } from '#test/support/free-retries.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { ActiveTable } from './active-table.ts'
import { chooseReplica, type ReplicaChoice } from './choose-replica.ts'
import type { Endpoint, Learned } from './clusters/endpoint.ts'
import { RetryBudgets } from './retry-budget.ts'
import { Account } from './upstream/account.ts'

/** Of a cluster that retries nothing. */
const RETRY = { max: 0, budget: 0, minPerSecond: 0, maxConcurrent: 0 }
const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }

interface Ground {
  readonly requests: FakeSend
  readonly replicas: readonly Endpoint[]
  /** Those that are to be asked anew what they speak. */
  readonly outdated: readonly Endpoint[]
  /** Of one call at that replica; the others are out of the question. */
  readonly choose: (more?: {
    readonly at?: Endpoint
    readonly turn?: Parameters<typeof chooseReplica>[3]['turn']
    readonly deadline?: ReturnType<typeof fakeDeadline>
  }) => Promise<ReplicaChoice>
  readonly pass: (ms: number) => Promise<void>
}

function ground(
  t: TestContext,
  count = 2,
  ejection: Partial<ClusterPolicy['ejection']> = {},
): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const check = () => Promise.resolve({ ok: true, learned: SESSIONFUL } as const)
  const clusters = playedClusters({ nowMs: () => nowMs, check })
  const connections = { perEndpoint: 64, minPerEndpoint: 4, streams: 4, queue: 0, waitMs: 0 }
  const timeouts = { firstByteMs: 60_000, idleMs: 60_000 }
  const usual = clusterPolicy('crm', { connections, timeouts })
  const policy = { ...usual, ejection: { ...usual.ejection, ...ejection } }
  const active = new ActiveTable(tableOf('v1', policy), clusters.open)
  const places = Array.from({ length: count }, (_, index) => 1 + index)
  const replicas = serveAt(active, clusters, {
    cluster: 'crm',
    ports: places,
    learned: SESSIONFUL,
  })
  const outdated: Endpoint[] = []
  const cluster = active.cluster('crm') ?? assert.fail('it is not in the table')
  t.mock.method(cluster, 'outdated', (endpoint: Endpoint) => void outdated.push(endpoint))
  const requests = fakeSend()
  const ports = {
    active,
    send: requests.send,
    say: requests.say,
    nextId: () => 1,
    client: { name: 'ringmain', version: '1' },
    nowMs: () => nowMs,
  }
  const others = (at: Endpoint | undefined): string[] =>
    at === undefined ? [] : replicas.filter(one => one !== at).map(({ key }) => key)
  return {
    requests,
    replicas,
    outdated,
    choose: async ({ at, turn = freeTurn(), deadline = fakeDeadline() } = {}) =>
      chooseReplica(
        ports,
        {
          era: 'legacy',
          version: '2025-11-25',
          criticality: 'critical',
          passedHeaders: [['x-ringmain-via', 'r0,r1']],
          caller: fakeCaller(),
          deadline: deadline.deadline,
        },
        'crm',
        { tried: new Set(others(at)), turn },
      ),
    pass: async ms => {
      nowMs += ms
      t.mock.timers.tick(ms)
      await settle()
    },
  }
}

/** As many handshakes there, all begun before one of them has ended. */
async function handshakes({ choose, requests }: Ground, at: Endpoint, count: number) {
  const choosing = Array.from({ length: count }, () => choose({ at }))
  await settle()
  const asked = requests.sent.filter(one => one.method === 'initialize').slice(-count)
  return { asked, ended: () => Promise.all(choosing) }
}

const first = ({ replicas }: Ground): Endpoint => replicas[0] ?? assert.fail('there is none')

const FAULTS: Readonly<Record<string, (asked: SentRequest) => unknown>> = {
  'a connection that is reset': asked => asked.fail('ECONNRESET'),
  'an answer of 500': asked => asked.error(500, -1),
  'an answer of 502 without a word': asked => asked.status(502),
  'an internal error': asked => asked.error(200, -32_603),
  'a result without a revision': asked => asked.result({}),
  'a session id that no header carries': asked =>
    asked.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'x'.repeat(2_000) }),
}

for (const [what, play] of Object.entries(FAULTS))
  test(`${what} is a fault of the replica: five of them eject it`, async t => {
    const scene = ground(t)
    const replica = first(scene)
    const { asked, ended } = await handshakes(scene, replica, 5)
    for (const [index, one] of asked.entries()) {
      assert.equal(replica.isEjected, false, `before the ${index + 1}th`)
      await play(one)
      await settle()
    }
    await ended()
    assert.deepEqual([replica.isEjected, replica.faults, replica.inFlight], [true, 5, 0])
  })

test('where no replica opens a session each is asked once', async t => {
  const scene = ground(t)
  const choosing = scene.choose()
  await settle()
  scene.requests.last('initialize').fail('ECONNRESET')
  await settle()
  await scene.requests.last('initialize').error(500, 1)
  const choice = await choosing
  assert.ok(choice.kind === 'refuse')
  assert.equal(choice.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.deepEqual(
    scene.replicas.map(({ faults }) => faults),
    [1, 1],
  )
})

test('a replica that says nothing for as long as a handshake may take is blamed, and another is asked', async t => {
  const scene = ground(t)
  const choosing = scene.choose()
  await settle()
  const silent = scene.requests.last('initialize').place.endpoint
  await scene.pass(5_000)
  assert.equal(silent.faults, 1)
  assert.equal(scene.requests.last('initialize').header('x-ringmain-via'), 'r0,r1')
  const second = scene.requests.last('initialize')
  assert.notEqual(second.place.endpoint, silent)
  await second.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'own' })
  await scene.requests.last('notifications/initialized').status(202)
  const choice = await choosing
  assert.ok(choice.kind === 'replica')
  assert.equal(choice.replica.endpoint.key, second.place.endpoint.key)
})

test('a refusal is an answer, too much to do counts in the rate only, and a caller without time blames nobody', async t => {
  const scene = ground(t)
  const replica = first(scene)
  const { asked, ended } = await handshakes(scene, replica, 12)
  for (const [index, one] of asked.entries())
    await [() => one.error(400, -32_602), () => one.status(401), () => one.error(404, -32_601)][
      index % 3
    ]?.()
  await ended()
  assert.deepEqual([replica.isEjected, replica.faults], [false, 0])
  assert.deepEqual(
    scene.outdated,
    asked.map(() => replica),
    'perhaps it keeps no sessions any more',
  )
  const hasty = fakeDeadline()
  const late = scene.choose({ at: replica, deadline: hasty })
  await settle()
  hasty.end()
  assert.equal((await late).kind, 'refuse')
  assert.deepEqual([replica.isEjected, replica.faults], [false, 0])
  const busy = await handshakes(scene, replica, 8)
  for (const one of busy.asked) await one.status(429)
  await busy.ended()
  assert.equal(replica.isEjected, true, '12 of 20 were good')
})

test('a good handshake says nothing of the tools: faults in a row stay in a row', async t => {
  const scene = ground(t, 2, { minSuccessRate: 0 })
  const replica = first(scene)
  for (let count = 0; count < 5; count += 1) {
    const { asked, ended } = await handshakes(scene, replica, 2)
    await asked[0]?.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'own' })
    await scene.requests.last('notifications/initialized').status(202)
    asked[1]?.fail('ECONNRESET')
    for (const choice of await ended()) if (choice.kind === 'replica') choice.replica.letGo?.()
  }
  assert.equal(replica.isEjected, true)
})

test('what was begun before an ejection says nothing of the probe after it', async t => {
  const scene = ground(t)
  const replica = first(scene)
  const { asked, ended } = await handshakes(scene, replica, 6)
  for (const one of asked.slice(0, 5)) one.fail('ECONNRESET')
  await settle()
  assert.equal(replica.isEjected, true)
  await scene.pass(1_000)
  assert.equal(replica.breaker?.state, 'half_open')
  asked[5]?.fail('ECONNRESET')
  await ended()
  assert.equal(replica.breaker?.state, 'half_open')
})

test('a probe that opens no session ejects its replica again, and one that does is left to the call', async t => {
  const scene = ground(t)
  const replica = first(scene)
  const { asked, ended } = await handshakes(scene, replica, 5)
  for (const one of asked) one.fail('ECONNRESET')
  await ended()
  await scene.pass(1_000)
  const bad = await handshakes(scene, replica, 1)
  bad.asked[0]?.fail('ECONNRESET')
  await bad.ended()
  assert.equal(replica.breaker?.state, 'open')
  await scene.pass(2_000)
  const good = await handshakes(scene, replica, 1)
  await good.asked[0]?.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': 'own' })
  await scene.requests.last('notifications/initialized').status(202)
  const [choice] = await good.ended()
  assert.ok(choice?.kind === 'replica')
  assert.equal(replica.breaker?.state, 'half_open', 'no call has been answered yet')
  const call = new Account(choice.replica.cluster, replica, { nowMs: () => 3_000 })
  choice.replica.letGo?.()
  assert.equal(replica.breaker?.mayProbe, false, 'it is this call that is waited for')
  call.began(answeredAs(200))
  call.ended({ ended: 'whole' })
  await settle()
  assert.equal(replica.breaker?.state, 'closed', 'and that is believed')
})

test('no more than four replicas are asked for one call, and the caller is told that it was not executed', async t => {
  const scene = ground(t, 8)
  const turn = new RetryBudgets<{ readonly retry: typeof RETRY }>(() => 0)
    .of({ retry: RETRY })
    .begin()
  const choosing = scene.choose({ turn })
  for (let count = 0; count < 8; count += 1) {
    await settle()
    scene.requests.last('initialize').fail('ECONNREFUSED')
  }
  const choice = await choosing
  assert.ok(choice.kind === 'refuse')
  assert.equal(choice.refusal.code, 'RINGMAIN_NO_HEALTHY_REPLICA')
  assert.match(choice.refusal.says ?? '', /opened a session/)
  assert.equal(scene.requests.sent.length, 4)
})
