// A call that is put by at its legacy server: how it is kept, where it goes on, and that nothing of it is left when nobody comes back.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { callAs } from '#test/support/call-facts.ts'
import { clusterPolicy, instanceAt, tableOf } from '#test/support/cluster-policy.ts'
import { fakeBody } from '#test/support/fake-body.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { type ManualAfter, manualAfter } from '#test/support/manual-after.ts'
import { settle } from '#test/support/manual-time.ts'
import { type PlayedClusters, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { messageOf } from '#test/support/read-message.ts'
import { ActiveTable } from './active-table.ts'
import type { Replica } from './choose-replica.ts'
import type { Park, ParkedCall, Rounds } from './facts.ts'
import { type ParkingPorts, parkAt, waitingTarget } from './park-at.ts'
import { ParkedCalls } from './parked-calls.ts'
import type { Target } from './stages/forward.ts'

const QUESTION = {
  key: 'q1',
  method: 'elicitation/create',
  idJson: '0',
  paramsJson: '{"message":"who?"}',
}
const MINUTE = 60_000
const LEGACY = { version: '2025-11-25', sessionId: 's' }
const MESSAGE = messageOf(
  '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a","inputResponses":{}}}',
)

interface Ground {
  readonly ports: ParkingPorts
  readonly requests: FakeSend
  readonly time: ManualAfter
  readonly clusters: PlayedClusters
  readonly replica: Replica
  /** What was asked of the exchange. */
  readonly log: string[]
  /** What was sealed for the caller to bring back. */
  readonly sealed: Omit<ParkedCall, 'endsMs'>[]
  readonly rounds: Rounds
  readonly park: (lastEventId?: string, replica?: Replica) => ReturnType<Park> | undefined
  readonly goOn: (parked: Partial<ParkedCall>) => ReturnType<typeof waitingTarget>
}

function ground(t: TestContext): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const [endpoint] = serveAt(active, clusters, { cluster: 'crm', ports: [1] })
  const cluster = active.cluster('crm') ?? assert.fail()
  const requests = fakeSend()
  const time = manualAfter()
  const client = { name: 'ringmain', version: '1' }
  const common = { ...requests, active, client, nextId: () => 1, nowMs: time.nowMs }
  const ports: ParkingPorts = {
    ...common,
    sealer: createSealer(Buffer.alloc(32)),
    asks: { ask: () => assert.fail('a modern caller is asked by its answer') },
    parked: new ParkedCalls({ ...common, after: time.after }),
  }
  const log: string[] = []
  const sealed: Ground['sealed'] = []
  const rounds: Rounds = {
    seal: () => assert.fail('a legacy server writes nothing down'),
    park: call => `state ${sealed.push(call)}`,
    waitsMs: () => 20 * MINUTE,
  }
  const bound = { isBound: false, era: 'legacy', legacy: LEGACY } as const
  const replica: Replica = { cluster, endpoint: endpoint ?? assert.fail(), ...bound }
  const call = callAs({ rounds, message: MESSAGE })
  const exchange = {
    attempt: Promise.resolve({ kind: 'abandoned' } as const),
    abort: () => void log.push('abort'),
    expire: () => void log.push('expire'),
    ended: ({ ended = '' }) => void log.push(`ended ${ended}`),
    abandon: () => void log.push('abandon'),
    letGo: () => void log.push('let go'),
    holdOn: () => void log.push('hold on'),
  }
  return {
    ports,
    requests,
    time,
    clusters,
    replica,
    log,
    sealed,
    rounds,
    park: (lastEventId, at = replica) =>
      parkAt(ports, call, { replica: at, upstreamIdJson: '7', exchange }).park?.({
        questions: [QUESTION],
        ...(lastEventId === undefined ? {} : { lastEventId }),
        hold: fakeBody,
      }),
    goOn: parked => {
      const where = { ...LEGACY, endpoint: replica.endpoint.key, idJson: '7', asked: [] }
      return waitingTarget(ports, call, { ...where, endsMs: 20 * MINUTE, ...parked })
    },
  }
}

const targetOf = (chosen: ReturnType<typeof waitingTarget>): Target => {
  assert.ok(!(chosen instanceof Promise) && chosen.kind === 'target')
  return chosen.target
}

/** Cancellations and farewells, each with what it is for. */
const said = ({ sent }: FakeSend): readonly unknown[] =>
  sent
    .filter(({ method }) => method === 'notifications/cancelled' || method === 'DELETE')
    .map(one => [one.method, one.header('mcp-session-id')])

test('a call waits only where its server keeps a session, and its caller can come back', t => {
  const { ports, replica, park } = ground(t)
  const { legacy: _, ...stateless } = replica
  assert.equal(park('e1', stateless), undefined)
  assert.equal(park('e1', { ...replica, legacy: { version: '2025-11-25' } }), undefined)
  const exchange = {} as Parameters<typeof parkAt>[2]['exchange']
  const under = { replica, upstreamIdJson: '7', exchange }
  assert.deepEqual(parkAt(ports, callAs(), under), {})
})

test('where events are numbered nothing is held: the stream is let go, and its session stays', t => {
  const { park, log, sealed, requests } = ground(t)
  assert.deepEqual(park('e1'), { state: 'state 1' })
  assert.deepEqual(log, ['let go', 'ended whole', 'abort'])
  const asked = [['q1', 'elicitation/create', '0']]
  const where = { endpoint: '127.0.0.1:1', ...LEGACY, idJson: '7' }
  assert.deepEqual(sealed, [{ ...where, asked, lastEventId: 'e1' }])
  assert.equal(requests.sent.length, 0)
})

test('where they are not the stream is held, and its session ends with it', t => {
  const { park, log, sealed } = ground(t)
  assert.deepEqual(park(), { state: 'state 1' })
  assert.deepEqual(log, ['hold on'])
  assert.equal(typeof sealed[0]?.held, 'string')
})

test('where too many streams are held the call cannot wait', t => {
  const { park } = ground(t)
  for (let count = 0; count < 1_000; count += 1) park()
  const refused = park()
  assert.ok(refused !== undefined && 'refusal' in refused)
  assert.equal(refused.refusal.code, 'RINGMAIN_QUESTION_UNANSWERED')
})

test('a held call that nobody comes back for is cancelled, and blamed on nobody', t => {
  const { park, log, time } = ground(t)
  park()
  time.pass(10 * MINUTE)
  assert.deepEqual(log, ['hold on', 'abandon', 'ended left'])
})

test('a call that nobody comes back for is cancelled at its server, and its session ended after that', async t => {
  const { park, time, requests } = ground(t)
  park('e1')
  time.pass(31 * MINUTE - 1)
  assert.deepEqual(said(requests), [])
  time.pass(1)
  assert.deepEqual(said(requests), [['notifications/cancelled', 's']])
  const cancelled = requests.last()
  assert.equal((cancelled.message['params'] as { requestId: number }).requestId, 7)
  await cancelled.status(202)
  await settle()
  assert.deepEqual(said(requests), [
    ['notifications/cancelled', 's'],
    ['DELETE', 's'],
  ])
})

test('a call that went on here is not cancelled later', async t => {
  const { park, goOn, time, requests } = ground(t)
  park('e1')
  const { attempt } = targetOf(goOn({ lastEventId: 'e1' })).send(false)
  await settle()
  const rest = requests.last('GET')
  rest.answer({ 'content-type': 'text/event-stream' })
  rest.end()
  await attempt
  await settle()
  assert.deepEqual(said(requests), [['DELETE', 's']])
  time.pass(60 * MINUTE)
  assert.equal(said(requests).length, 1)
})

test('a replica that is gone by then is told nothing', t => {
  const { park, time, requests, clusters } = ground(t)
  park('e1')
  clusters.source('crm').publish(instanceAt(2))
  time.pass(31 * MINUTE)
  assert.equal(requests.sent.length, 0)
})

test('a call goes on at the replica where it waits, and where that is gone nobody knows what became of it', t => {
  const { goOn, clusters, requests } = ground(t)
  const target = targetOf(goOn({ lastEventId: 'e1' }))
  assert.deepEqual([target.endpoint, target.isBound], ['127.0.0.1:1', true])
  target.forgo()
  clusters.source('crm').publish(instanceAt(2))
  const lost = goOn({ lastEventId: 'e1' })
  assert.ok(!(lost instanceof Promise) && lost.kind === 'refuse')
  assert.equal(lost.refusal.code, 'RINGMAIN_OUTCOME_UNKNOWN')
  assert.equal(requests.sent.length, 0)
})

test('a call that went on and is asked again waits in the same session', async t => {
  const { goOn, requests, sealed } = ground(t)
  const dispatched = targetOf(goOn({ lastEventId: 'e1' })).send(false)
  await settle()
  requests.last('GET').answer({ 'content-type': 'text/event-stream' })
  await dispatched.attempt
  const again = dispatched.park?.({ questions: [QUESTION], lastEventId: 'e2', hold: fakeBody })
  assert.deepEqual(again, { state: 'state 1' })
  await settle()
  assert.deepEqual([sealed[0]?.lastEventId, said(requests)], ['e2', []])
})

test('a caller who leaves after it came back cancels its call, and its session is over', async t => {
  const { goOn, requests } = ground(t)
  const dispatched = targetOf(goOn({ lastEventId: 'e1' })).send(false)
  await settle()
  requests.last('GET').answer({ 'content-type': 'text/event-stream' })
  await dispatched.attempt
  dispatched.abandon()
  await settle()
  assert.deepEqual(said(requests), [['notifications/cancelled', 's']]) // or it could not tell what is meant
  await requests.last().status(202)
  await settle()
  assert.deepEqual(said(requests), [
    ['notifications/cancelled', 's'],
    ['DELETE', 's'],
  ])
})
