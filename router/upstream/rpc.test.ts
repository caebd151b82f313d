// One question and its whole answer, over a played exchange: what counts as the answer, and that nothing is waited for past its time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#test/support/manual-time.ts'
import { type PlayedExchange, playedExchange } from '#test/support/played-exchange.ts'
import { askReplica, outcomeOf } from './rpc.ts'

const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' }
const ANSWER = '{"jsonrpc":"2.0","id":7,"result":{"n":9007199254740993}}'

const ask = (played: PlayedExchange): ReturnType<typeof askReplica> =>
  askReplica(played.sent, '7', 1_000)

test('a JSON answer comes back parsed and as its bytes', async () => {
  const played = playedExchange()
  const asking = ask(played)
  played.answer({ 'content-type': 'application/json', 'mcp-session-id': 's' })
  played.data(ANSWER)
  played.end()
  const reply = await asking
  assert.equal(reply.kind, 'message')
  assert.equal(reply.bytes.toString(), ANSWER)
  assert.equal(reply.message['id'], 7)
  assert.equal(reply.header('mcp-session-id'), 's')
})

test('bytes that are not UTF-8 are no answer, since they would be handed on as they are', async () => {
  const played = playedExchange()
  const asking = ask(played)
  played.answer({ 'content-type': 'application/json' })
  played.data(Buffer.from(ANSWER.replace('"n"', '"\xff"'), 'latin1'))
  played.end()
  assert.equal((await asking).kind, 'http')
})

test('an event stream gives the first message under the id; requests, notifications and other ids are passed over', async () => {
  const played = playedExchange()
  const asking = ask(played)
  played.answer(EVENTS)
  for (const data of [
    'no JSON',
    '[1]',
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}',
    '{"jsonrpc":"2.0","id":7,"method":"elicitation/create"}',
    '{"jsonrpc":"2.0","id":8,"result":{}}',
  ])
    played.data(`id: 1\ndata: ${data}\n\n`)
  for (const byte of Buffer.from(`: still here\n\nevent: message\ndata: ${ANSWER}\n\n`))
    played.data(Buffer.of(byte))
  const reply = await asking
  assert.equal(reply.kind, 'message')
  assert.equal(reply.bytes.toString(), ANSWER)
})

test('an answer of several data lines is one message', async () => {
  const played = playedExchange()
  const asking = ask(played)
  played.answer(EVENTS)
  played.data('data: {"jsonrpc":"2.0",\ndata: "id":7,"result":{}}\n\n')
  assert.equal((await asking).kind, 'message')
})

test('letters that are cut between two chunks stay whole', async () => {
  const played = playedExchange()
  const asking = ask(played)
  played.answer(EVENTS)
  const bytes = Buffer.from('data: {"jsonrpc":"2.0","id":7,"result":{"t":"世界"}}\n\n')
  const cut = bytes.indexOf('世') + 1
  played.data(bytes.subarray(0, cut))
  played.data(bytes.subarray(cut))
  const reply = await asking
  assert.deepEqual(reply.kind === 'message' && reply.message['result'], { t: '世界' })
})

test('an event that is not UTF-8 is no answer either, wherever it is cut, and its stream is read no further', async () => {
  const bytes = Buffer.from(`data: ${ANSWER.replace('"n"', '"\xe2\x82"')}\n\n`, 'latin1')
  for (const cut of [bytes.length, bytes.indexOf(0xe2) + 1]) {
    const played = playedExchange()
    const asking = ask(played)
    played.answer(EVENTS)
    await settle()
    played.data(bytes.subarray(0, cut))
    played.data(bytes.subarray(cut))
    played.data(`data: ${ANSWER}\n\n`)
    assert.deepEqual(await asking, {
      kind: 'http',
      status: 200,
      detail: 'HTTP 200 without a JSON-RPC answer',
    })
    assert.ok(played.control.calls.includes('abort'))
  }
})

test('a stream that stays open after its answer is cut after a second, and the process lives', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const played = playedExchange()
  const asking = ask(played)
  played.answer(EVENTS)
  await settle()
  played.data(`data: ${ANSWER}\n\n`)
  assert.equal((await asking).kind, 'message')
  t.mock.timers.tick(999)
  assert.deepEqual(played.overs, [])
  t.mock.timers.tick(1)
  assert.deepEqual(played.overs, [false])
})

test('a stream that ends after its answer is not cut', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const played = playedExchange()
  const asking = ask(played)
  played.answer(EVENTS)
  await settle()
  played.data(`data: ${ANSWER}\n\ndata: ${ANSWER}\n\n`)
  played.end()
  assert.equal((await asking).kind, 'message')
  t.mock.timers.tick(5_000)
  assert.ok(!played.control.calls.includes('abort'))
})

test('a stream that ends or breaks without the answer is no answer', async () => {
  for (const finish of ['end', 'fail'] as const) {
    const played = playedExchange()
    const asking = ask(played)
    played.answer(EVENTS)
    await settle()
    played.data('data: {"jsonrpc":"2.0","id":8,"result":{}}\n\n')
    if (finish === 'end') played.end()
    else played.fail('ECONNRESET')
    assert.deepEqual(await asking, {
      kind: 'failed',
      attempt: 'no_answer',
      detail: 'the answer broke off',
    })
  }
})

test('what was not sent, had no answer or was too late is told apart', async () => {
  for (const [code, isSent, attempt] of [
    ['ECONNREFUSED', false, 'not_sent'],
    ['ECONNRESET', true, 'no_answer'],
    ['FIRST_BYTE_TIMEOUT', true, 'timeout'],
  ] as const) {
    const played = playedExchange()
    const asking = ask(played)
    if (isSent) played.start()
    played.fail(code)
    assert.deepEqual(await asking, { kind: 'failed', attempt, detail: `${code}: played ${code}` })
  }
})

test('an exchange that somebody else ends is told as abandoned', async () => {
  const played = playedExchange()
  const asking = ask(played)
  played.exchange.abort()
  assert.deepEqual(await asking, { kind: 'failed', attempt: 'abandoned', detail: 'abandoned' })
})

for (const [where, answered, headers] of [
  ['before its head', false, EVENTS],
  ['inside a JSON body', true, { 'content-type': 'application/json' }],
  ['inside an event stream', true, EVENTS],
] as const) {
  test(`a replica that falls silent ${where} is given up at the limit`, async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const played = playedExchange()
    const asking = ask(played)
    if (!answered) played.start()
    else {
      played.answer(headers)
      await settle()
      played.data('data: {"jsonrpc"')
    }
    t.mock.timers.tick(1_000)
    assert.deepEqual(await asking, {
      kind: 'failed',
      attempt: 'timeout',
      detail: 'no answer within 1000 ms',
    })
    assert.deepEqual(played.overs, [false])
  })
}

test('an HTTP answer without a JSON-RPC answer tells its status', async () => {
  for (const [headers, body] of [
    [{ 'content-type': 'application/json' }, 'oops'],
    [{ 'content-type': 'application/json' }, '[]'],
    [{ 'content-type': 'application/json' }, '{"jsonrpc":"2.0","id":8,"result":{}}'],
    [{ 'content-type': 'application/json' }, '{"jsonrpc":"2.0","result":{}}'],
    [{ 'content-type': 'text/html' }, ANSWER],
    [{}, ''],
  ] as const) {
    const played = playedExchange()
    const asking = ask(played)
    played.answer(headers, 404)
    played.data(body)
    played.end()
    assert.deepEqual(await asking, {
      kind: 'http',
      status: 404,
      detail: 'HTTP 404 without a JSON-RPC answer',
    })
  }
})

test('an error without an id answers a message that the server could not read', async () => {
  for (const id of ['"id":null,', '']) {
    const played = playedExchange()
    const asking = ask(played)
    played.answer(undefined, 400)
    played.data(`{"jsonrpc":"2.0",${id}"error":{"code":-32700,"message":"no"}}`)
    played.end()
    const reply = await asking
    assert.equal(reply.kind === 'message' && reply.status, 400)
  }
})

test('an answer over the limit is not held, whichever way it comes', async () => {
  const most = Buffer.alloc(65_536, 0x20)
  for (const headers of [EVENTS, { 'content-type': 'application/json' }]) {
    const played = playedExchange()
    const asking = ask(played)
    played.answer(headers)
    await settle()
    played.data(most)
    played.data(' ')
    assert.deepEqual(await asking, {
      kind: 'http',
      status: 200,
      detail: 'the answer is larger than 65536 bytes',
      isTooLarge: true,
    })
    assert.deepEqual(played.overs, [false])
  }
})

test('slow, busy and broken are no answer, a guard is one of its own, and every other status is one', () => {
  const outcome = (status: number): string => outcomeOf({ kind: 'http', status, detail: '' })
  assert.equal(outcomeOf({ kind: 'failed', attempt: 'timeout', detail: '' }), 'unasked')
  for (const status of [408, 429, 500, 503, 599]) assert.equal(outcome(status), 'unasked')
  for (const status of [401, 403]) assert.equal(outcome(status), 'guarded')
  for (const status of [200, 202, 400, 404, 405, 499]) assert.equal(outcome(status), 'answered')
})

test('a packed answer is a fault, and is not read', async () => {
  for (const encoding of ['gzip', 'br', 'gzip, gzip', 'identity, gzip']) {
    const played = playedExchange()
    const asking = ask(played)
    played.answer({ 'content-type': 'application/json', 'content-encoding': encoding })
    const detail = `content-encoding ${encoding} was not asked for`
    assert.deepEqual(await asking, { kind: 'failed', attempt: 'no_answer', detail })
  }
  const played = playedExchange()
  const asking = ask(played)
  played.answer({ 'content-type': 'application/json', 'content-encoding': 'Identity' })
  played.data(ANSWER)
  played.end()
  assert.equal((await asking).kind, 'message')
})
