// Calls without a session at servers that keep them: one after the other in the same one where the document allows it, and never two at once.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import { type CallFacts, callAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend, type SentRequest } from '#test/support/fake-send.ts'
import { freeTurn } from '#test/support/free-retries.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { ActiveTable } from './active-table.ts'
import type { Endpoint, Learned } from './clusters/endpoint.ts'
import type { AfterHead } from './facts.ts'
import { openAttempts } from './open-attempts.ts'
import { RetryBudgets } from './retry-budget.ts'
import type { SessionPool } from './session-pool.ts'
import type { Chosen, Dispatched, Target } from './stages/forward.ts'

const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }
const WHOLE: AfterHead = { ended: 'whole' }

interface Ground {
  readonly requests: FakeSend
  readonly pool: SessionPool
  readonly replicas: readonly Endpoint[]
  readonly choose: (call?: CallFacts) => Chosen | Promise<Chosen>
  /** Chosen and sent; a session is opened under this id where one is needed. */
  readonly send: (id: string, call?: CallFacts) => Promise<Exchanged>
  readonly count: (method: string) => number
}

interface Exchanged {
  readonly dispatched: Dispatched
  readonly request: SentRequest
}

function ground(t: TestContext, shareSessions = true, ports = [1]): Ground {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const table = tableOf('v1', clusterPolicy('crm', { shareSessions }))
  const active = new ActiveTable(table, clusters.open)
  const replicas = serveAt(active, clusters, { cluster: 'crm', ports, learned: SESSIONFUL })
  const requests = fakeSend()
  let id = 1_000
  const { attempts, pool } = openAttempts(
    {
      active,
      send: requests.send,
      say: requests.say,
      nextId: () => (id += 1),
      client: { name: 'ringmain', version: '1' },
      nowMs: () => 0,
      random: () => 0,
      sealer: createSealer(Buffer.alloc(32)),
      budgets: new RetryBudgets(() => 0),
    },
    () => () => undefined,
  )
  const choose: Ground['choose'] = (one = call()) =>
    attempts.choose(one, { tried: new Set(), turn: freeTurn() })
  return {
    requests,
    pool,
    replicas,
    choose,
    send: async (opened, one) => {
      const choosing = choose(one)
      await settle()
      await openAs(requests, opened)
      const dispatched = targetIn(await choosing).send(false)
      return { dispatched, request: requests.last('tools/call') }
    },
    count: method => requests.methods().filter(one => one === method).length,
  }
}

/** The handshake that is under way, if one is. */
async function openAs({ sent }: FakeSend, id: string): Promise<void> {
  const last = sent.findLast(({ method }) => method === 'initialize')
  if (last?.overs.length !== 0) return
  await last.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': id })
  await sent.findLast(({ method }) => method === 'notifications/initialized')?.status(202)
}

function targetIn(choice: Chosen): Target {
  assert.ok(choice.kind === 'target', JSON.stringify(choice))
  return choice.target
}

function call(differences: Partial<CallFacts> = {}, meta = ''): CallFacts {
  const params = `{"name":"crm__find"${meta}}`
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`
  const read = messageFrom(body)
  assert.ok(read.kind === 'ok')
  return callAs({ message: read.value, ...differences })
}

async function answered({ dispatched, request }: Exchanged, after = WHOLE): Promise<void> {
  await request.result({ content: [] })
  dispatched.ended(after)
  await settle()
}

test('calls one after the other go on in one session, under ids that no two share', async t => {
  const { send, count, requests } = ground(t)
  for (let turn = 0; turn < 5; turn += 1) await answered(await send('a'))
  const calls = requests.sent.filter(({ method }) => method === 'tools/call')
  assert.deepEqual(new Set(calls.map(one => one.header('mcp-session-id'))), new Set(['a']))
  assert.equal(new Set(calls.map(({ message }) => message['id'])).size, 5)
  assert.deepEqual(
    [count('initialize'), count('notifications/initialized'), count('DELETE')],
    [1, 1, 0],
  )
})

test('where the document does not allow it each call has a session of its own, which ends with it', async t => {
  const { send, count } = ground(t, false)
  for (let turn = 0; turn < 5; turn += 1) await answered(await send(`s${turn}`))
  assert.deepEqual([count('initialize'), count('DELETE')], [5, 5])
})

test('a session that carries a call is given to no other until that is over', async t => {
  const { send, requests } = ground(t)
  const first = await send('a')
  const second = await send('b')
  assert.deepEqual(
    [first, second].map(({ request }) => request.header('mcp-session-id')),
    ['a', 'b'],
  )
  await first.request.result({}) // nobody has said yet that it was read whole
  assert.equal(requests.last('tools/call'), second.request)
  first.dispatched.ended(WHOLE)
  await settle()
  assert.equal((await send('c')).request.header('mcp-session-id'), 'a')
})

test('callers who can be asked other things are not given the same session', async t => {
  const { send, count } = ground(t)
  await answered(await send('a'))
  const meta = ',"_meta":{"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}'
  const asked = await send('b', call({}, meta))
  assert.equal(asked.request.header('mcp-session-id'), 'b')
  assert.equal(count('initialize'), 2)
})

const UNCLEAR: Readonly<Record<string, (exchanged: Exchanged) => Promise<void> | void>> = {
  'breaks off': ({ request }) => request.fail('ECONNRESET'),
  'is cancelled': async ({ dispatched }) => {
    dispatched.abandon()
    dispatched.ended({ ended: 'left' })
  },
  'is cancelled while its answer is read': ({ request, dispatched }) => {
    request.answer()
    dispatched.abandon()
    dispatched.ended(WHOLE)
  },
  'is late': ({ request }) => request.fail('FIRST_BYTE_TIMEOUT'),
  'has more time than it is given': ({ dispatched }) => dispatched.expire(),
  'is answered by HTTP 500': async ({ request, dispatched }) => {
    await request.status(500)
    dispatched.ended({})
  },
  'is answered by HTTP 400': async ({ request, dispatched }) => {
    await request.error(400, -32_000)
    dispatched.ended({ rpcCode: -32_000 })
  },
  'is answered by an internal error': exchanged =>
    answered(exchanged, { ended: 'whole', rpcCode: -32_603 }),
  'is answered by what is no answer': exchanged => answered(exchanged, { ended: 'unreadable' }),
  'is answered, and cut short': exchanged => answered(exchanged, { ended: 'cut' }),
  'is answered, and its caller did not wait': exchanged => answered(exchanged, { ended: 'left' }),
}

for (const [what, happens] of Object.entries(UNCLEAR))
  test(`a session whose call ${what} is ended, and used by nobody again`, async t => {
    const { send, requests, count, pool } = ground(t)
    const exchanged = await send('a')
    exchanged.request.start()
    await happens(exchanged)
    await settle()
    for (const one of requests.sent.filter(({ method }) => method === 'notifications/cancelled'))
      await one.status(202)
    await settle()
    assert.deepEqual([count('DELETE'), pool.idle().size], [1, 0])
    assert.equal((await send('b')).request.header('mcp-session-id'), 'b')
  })

test('an error that a tool answers with leaves the session as good as before', async t => {
  const { send, count } = ground(t)
  await answered(await send('a'), { ended: 'whole', rpcCode: -32_602 })
  await answered(await send('b'))
  assert.deepEqual([count('initialize'), count('DELETE')], [1, 0])
})

test('a call that is not sent after all gives back what it was given', async t => {
  const { choose, requests, send, count } = ground(t)
  const choosing = choose()
  await settle()
  await openAs(requests, 'a')
  targetIn(await choosing).forgo()
  assert.equal((await send('b')).request.header('mcp-session-id'), 'a')
  assert.equal(count('DELETE'), 0)
})

test('a session that the server has forgotten is opened anew, and its call sent there once more', async t => {
  const { send, requests, count, pool, replicas } = ground(t)
  await answered(await send('a'))
  const { dispatched, request } = await send('-')
  assert.equal(request.header('mcp-session-id'), 'a')
  await request.status(404)
  await settle()
  await openAs(requests, 'b')
  const again = requests.last('tools/call')
  assert.notEqual(again, request)
  assert.deepEqual(
    [again.header('mcp-session-id'), again.message['id'], again.header('x-ringmain-attempt')],
    ['b', request.message['id'], '2'],
  )
  assert.equal(String(again.message['id']), dispatched.upstreamIdJson)
  const answering = answered({ dispatched, request: again })
  assert.equal((await dispatched.attempt).kind, 'answered')
  await answering
  assert.equal(count('tools/call'), 3)
  assert.deepEqual(pool.lent.get('crm'), { opened: 1, reused: 1, renewed: 1 })
  assert.deepEqual([...pool.idle()], [['crm', 1]])
  assert.equal(replicas[0]?.inFlight, 0)
})

test('a second 404 is told, and nothing is sent a third time', async t => {
  const { send, requests, count } = ground(t)
  await answered(await send('a'))
  const { dispatched, request } = await send('-')
  await request.status(404)
  await settle()
  await openAs(requests, 'b')
  await requests.last('tools/call').status(404)
  const told = await dispatched.attempt
  assert.ok(told.kind === 'answered' && told.status === 404)
  await settle()
  assert.deepEqual([count('tools/call'), count('initialize')], [3, 2])
})

test('a 404 in a session that was opened for the call is told as it is', async t => {
  const { send, count } = ground(t)
  const { dispatched, request } = await send('a')
  await request.status(404)
  const told = await dispatched.attempt
  assert.ok(told.kind === 'answered' && told.status === 404)
  await settle()
  assert.deepEqual([count('tools/call'), count('initialize'), count('DELETE')], [1, 1, 1])
})

test('anything but a 404 is never sent again, whatever session it was in', async t => {
  for (const status of [400, 401, 403, 405, 409, 410, 500, 502, 503]) {
    const { send, count } = ground(t)
    await answered(await send('a'))
    const { dispatched, request } = await send('-')
    await request.status(status)
    const told = await dispatched.attempt
    assert.ok(told.kind === 'answered' && told.status === status)
    await settle()
    assert.deepEqual([count('tools/call'), count('initialize')], [2, 1], String(status))
    t.mock.timers.reset()
  }
})

test('where no new one is opened the call was not sent, and may go to another replica', async t => {
  const { send, requests, count, replicas } = ground(t)
  await answered(await send('a'))
  const { dispatched, request } = await send('-')
  await request.status(404)
  await settle()
  await requests.last('initialize').status(500)
  assert.equal((await dispatched.attempt).kind, 'not_sent')
  assert.equal(count('tools/call'), 2)
  assert.equal(replicas[0]?.inFlight, 0)
})

test('a caller who leaves while a new one is opened ends that, and its call is not sent', async t => {
  for (const how of ['abandon', 'expire'] as const) {
    const { send, requests, count, replicas } = ground(t)
    await answered(await send('a'))
    const { dispatched, request } = await send('-')
    await request.status(404)
    await settle()
    dispatched[how]()
    const told = await dispatched.attempt
    assert.equal(told.kind, how === 'abandon' ? 'abandoned' : 'not_sent')
    await openAs(requests, 'late')
    await settle()
    assert.deepEqual([count('tools/call'), replicas[0]?.inFlight], [2, 0])
    const ended = requests.sent.filter(({ method }) => method === 'DELETE')
    assert.ok(ended.some(one => one.header('mcp-session-id') === 'late'))
    t.mock.timers.reset()
  }
})
