// Calls that wait for their callers: who goes on with one, how often, and what is left of it when nobody does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { fakeBody } from '#test/support/fake-body.ts'
import { type FakeSend, fakeSend } from '#test/support/fake-send.ts'
import { type ManualAfter, manualAfter } from '#test/support/manual-after.ts'
import { settle } from '#test/support/manual-time.ts'
import { playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { messageOf } from '#test/support/read-message.ts'
import { ActiveTable } from './active-table.ts'
import type { ParkedCall } from './facts.ts'
import { type Exchange, ParkedCalls, type Where } from './parked-calls.ts'

const A = '127.0.0.1:1'
const ADA =
  '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"a","inputResponses":{"q1":{"action":"accept","content":{}}}}}'
const PARKED: ParkedCall = {
  endpoint: A,
  sessionId: 's',
  version: '2025-11-25',
  idJson: '7',
  endsMs: 1_200_000,
  asked: [['q1', 'elicitation/create', '0']],
}

interface Ground {
  readonly calls: ParkedCalls
  readonly requests: FakeSend
  readonly time: ManualAfter
  readonly where: Where
  readonly resume: (parked: ParkedCall) => Exchange & { readonly overs: () => number }
  readonly answers: () => FakeSend['sent']
}

function ground(t: {
  readonly mock: { readonly timers: { enable: (of: { apis: ['setTimeout'] }) => void } }
}): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const active = new ActiveTable(tableOf('v1', clusterPolicy('crm')), clusters.open)
  const [endpoint] = serveAt(active, clusters, { cluster: 'crm', ports: [1] })
  const where = {
    cluster: active.cluster('crm') ?? assert.fail(),
    endpoint: endpoint ?? assert.fail(),
  }
  const requests = fakeSend()
  const time = manualAfter()
  const { send, say } = requests
  const calls = new ParkedCalls({
    send,
    say,
    nextId: () => 1,
    nowMs: time.nowMs,
    after: time.after,
  })
  return {
    calls,
    requests,
    time,
    where,
    resume: parked => {
      let overs = 0
      const exchange = calls.resume(where, { parked, message: messageOf(ADA) }, () => {
        overs += 1
      })
      return { ...exchange, overs: () => overs }
    },
    answers: () => requests.sent.filter(({ message }) => 'result' in message),
  }
}

function heldExchange(): Exchange & { readonly log: string[]; readonly body: typeof body } {
  const log: string[] = []
  const body = fakeBody()
  return {
    log,
    body,
    attempt: Promise.resolve({ kind: 'abandoned' }),
    abort: () => void log.push('abort'),
    expire: isCallers => void log.push(`expire ${isCallers}`),
    ended: ({ ended = '' }) => void log.push(`ended ${ended}`),
  }
}

test('a stream that is held goes on once, when its server has its answers', async t => {
  const { calls, requests, resume, answers } = ground(t)
  const exchange = heldExchange()
  const held = calls.hold(exchange, () => assert.fail('somebody came back'))
  assert.ok(held !== undefined)
  const first = resume({ ...PARKED, held })
  const again = resume({ ...PARKED, held })
  const lost = await again.attempt
  assert.ok(lost.kind === 'no_answer')
  assert.match(lost.detail, /not held any more/)
  assert.deepEqual([again.overs(), answers().length], [1, 1])
  const [answer] = answers()
  assert.deepEqual(answer?.message['id'], 0)
  assert.equal(answer?.header('mcp-session-id'), 's')
  await answer?.status(202)
  const head = await first.attempt
  assert.ok(head.kind === 'answered' && head.body === exchange.body)
  assert.deepEqual([requests.sent.length, exchange.log], [1, []])
})

test('what another router holds, or nobody any more, is told as lost, and nothing is said to its server', async t => {
  const { resume, requests } = ground(t)
  const strange = resume({ ...PARKED, held: 'unknown' })
  assert.equal((await strange.attempt).kind, 'no_answer')
  assert.deepEqual([strange.overs(), requests.sent.length], [1, 0])
})

test('a stream that nobody comes back for is given up after ten minutes, and is not gone on with', async t => {
  const { calls, time, resume } = ground(t)
  let lapses = 0
  const held = calls.hold(heldExchange(), () => {
    lapses += 1
  })
  time.pass(599_999)
  assert.equal(lapses, 0)
  time.pass(1)
  assert.deepEqual([lapses, time.size()], [1, 0])
  assert.equal((await resume({ ...PARKED, held: held ?? assert.fail() }).attempt).kind, 'no_answer')
})

test('a thousand streams are held, and no more until one is let go', t => {
  const { calls, resume } = ground(t)
  const hold = (): string | undefined => calls.hold(heldExchange(), () => undefined)
  const held = Array.from({ length: 1_000 }, hold)
  assert.ok(held.every(id => id !== undefined))
  assert.equal(hold(), undefined)
  void resume({ ...PARKED, held: held[0] ?? assert.fail() })
  assert.notEqual(hold(), undefined)
})

test('where events are numbered the stream goes on behind the last one', async t => {
  const { requests, resume, answers } = ground(t)
  const exchange = resume({ ...PARKED, lastEventId: 'e5' })
  await settle()
  assert.equal(requests.sent.length, 1)
  await answers()[0]?.status(202)
  const rest = requests.last('GET')
  assert.deepEqual([rest.header('last-event-id'), rest.header('mcp-session-id')], ['e5', 's'])
  rest.answer({ 'content-type': 'text/event-stream' })
  const head = await exchange.attempt
  assert.ok(head.kind === 'answered' && head.status === 200)
  rest.end()
  assert.equal(exchange.overs(), 1)
})

for (const [status, says] of [
  [404, /was given the answer, and said HTTP 404/],
  [500, /was given the answer, and said HTTP 500/],
] as const)
  test(`a server that says ${status} to the answer has lost the call, and nobody knows what became of it`, async t => {
    const { resume, answers, requests } = ground(t)
    const exchange = resume({ ...PARKED, lastEventId: 'e5' })
    await settle()
    await answers()[0]?.status(status)
    const lost = await exchange.attempt
    assert.ok(lost.kind === 'no_answer')
    assert.match(lost.detail, says)
    assert.deepEqual([exchange.overs(), requests.methods().includes('GET')], [1, false])
  })

test('a rest of a stream that is no stream is lost', async t => {
  const { resume, answers, requests } = ground(t)
  const exchange = resume({ ...PARKED, lastEventId: 'e5' })
  await settle()
  await answers()[0]?.status(202)
  await requests.last('GET').status(405)
  const lost = await exchange.attempt
  assert.ok(lost.kind === 'no_answer')
  assert.match(lost.detail, /said HTTP 405/)
})

test('a caller who leaves while the answers are given has no stream begun for it', async t => {
  const { resume, answers, requests } = ground(t)
  const exchange = resume({ ...PARKED, lastEventId: 'e5' })
  await settle()
  exchange.abort()
  await answers()[0]?.status(202)
  assert.equal((await exchange.attempt).kind, 'abandoned')
  assert.deepEqual([exchange.overs(), requests.methods().includes('GET')], [1, false])
})

/** Twenty minutes for its rounds, ten for the last of them, and one for clocks that differ. */
const OVER_MS = 31 * 60_000
const LEFT = { sessionId: 's', waitsMs: 1_200_000 }

test('a call that any router may go on with lapses when none can any more', t => {
  const { calls, time, where } = ground(t)
  let lapses = 0
  calls.leave(where, LEFT, () => {
    lapses += 1
  })
  time.pass(OVER_MS - 1)
  assert.equal(lapses, 0)
  time.pass(1)
  assert.deepEqual([lapses, time.size()], [1, 0])
})

test('a call that went on here does not lapse, and one in another session does', t => {
  const { calls, time, where, resume } = ground(t)
  const lapsed: string[] = []
  for (const sessionId of ['s', 'other'])
    calls.leave(where, { ...LEFT, sessionId }, () => void lapsed.push(sessionId))
  void resume({ ...PARKED, lastEventId: 'e5' })
  time.pass(OVER_MS)
  assert.deepEqual(lapsed, ['other'])
})

test('of ten thousand calls that wait at their servers it is known here, and not of more', t => {
  const { calls, time, where, resume } = ground(t)
  const leave = (sessionId: string): void =>
    calls.leave(where, { ...LEFT, sessionId }, () => undefined)
  for (let count = 0; count < 10_001; count += 1) leave(`s${count}`)
  assert.equal(time.size(), 10_000)
  void resume({ ...PARKED, sessionId: 's0', lastEventId: 'e5' })
  assert.equal(time.size(), 9_999)
  leave('s')
  assert.equal(time.size(), 10_000)
})
