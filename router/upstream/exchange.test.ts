// One exchange against a fake client: what was not sent is told from what was, and bytes come at the reader's pace.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  codedError,
  fakeController,
  notingSink,
  playedExchange,
} from '#test/support/fake-controller.ts'

const kinds = (heads: readonly { readonly kind: string }[]): string[] =>
  heads.map(head => head.kind)

test('a connection that was never there is not sent', () => {
  const { heads, overs, fail } = playedExchange()
  fail('ECONNREFUSED')
  const detail = 'ECONNREFUSED: played ECONNREFUSED'
  assert.deepEqual(heads, [{ kind: 'not_sent', detail, isNobodyThere: true }])
  assert.deepEqual(overs, [false])
})

test('a connection lost after the request began to go out is no answer, whatever the reason', () => {
  for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'ECONNREFUSED', 'EPIPE']) {
    const { exchange, controller, heads, fail } = playedExchange()
    exchange.onRequestStart(controller)
    fail(code)
    assert.deepEqual(kinds(heads), ['no_answer'], code)
  }
})

test('silence until the limit after the request is a timeout', () => {
  const { exchange, controller, heads, fail } = playedExchange()
  exchange.onRequestStart(controller)
  fail('UND_ERR_HEADERS_TIMEOUT')
  assert.deepEqual(kinds(heads), ['timeout'])
})

test('a connect timeout is not a timeout of the replica: nothing was sent', () => {
  const { heads, fail } = playedExchange()
  fail('UND_ERR_CONNECT_TIMEOUT')
  assert.deepEqual(kinds(heads), ['not_sent'])
})

test('a second start of the same request is refused and counts as sent', () => {
  const { exchange, controller, heads, overs } = playedExchange()
  exchange.onRequestStart(controller)
  const second = fakeController()
  exchange.onRequestStart(second)
  assert.deepEqual(second.calls, ['abort: a request is sent once'])
  exchange.onResponseError(second, codedError('UND_ERR_ABORTED'))
  assert.deepEqual(kinds(heads), ['no_answer'])
  assert.deepEqual(overs, [false])
})

test('a caller who leaves before the request went out stops it from going out', () => {
  const { exchange, controller, heads, overs, fail } = playedExchange()
  exchange.abort()
  assert.deepEqual(heads, [{ kind: 'abandoned' }])
  exchange.onRequestStart(controller)
  assert.deepEqual(controller.calls, ['abort: the caller has left'])
  fail('UND_ERR_ABORTED')
  assert.deepEqual(kinds(heads), ['abandoned'])
  assert.deepEqual(overs, [false])
})

test('a caller who leaves while the answer is awaited aborts the request at once', () => {
  const { exchange, controller, heads, overs, fail } = playedExchange()
  exchange.onRequestStart(controller)
  exchange.abort()
  exchange.abort()
  assert.deepEqual(controller.calls, ['abort: the caller has left'])
  fail('UND_ERR_ABORTED')
  assert.deepEqual(kinds(heads), ['abandoned'])
  assert.deepEqual(overs, [false])
})

test('an error that arrives after the caller has left changes nothing', () => {
  const { exchange, controller, heads } = playedExchange()
  exchange.onRequestStart(controller)
  exchange.abort()
  exchange.onResponseStart(controller, 200, {})
  assert.deepEqual(kinds(heads), ['abandoned'])
})

test('the head tells status, content type, first of repeated fields and time to first byte', () => {
  let nowMs = 100
  const { exchange, controller, heads } = playedExchange(() => nowMs)
  exchange.onRequestStart(controller)
  nowMs = 142
  const fields: Readonly<Record<string, string | string[]>> = {
    'content-type': 'application/json',
    'set-cookie': ['a', 'b'],
    'content-encoding': ['identity', 'gzip'],
    'transfer-encoding': ['gzip', 'chunked'],
  }
  exchange.onResponseStart(controller, 200, fields)
  const head = heads[0]
  assert.equal(head?.kind, 'answered')
  assert.equal(head.status, 200)
  assert.equal(head.contentType, 'application/json')
  assert.equal(head.header('set-cookie'), 'a')
  assert.equal(head.header('content-encoding'), 'identity, gzip')
  assert.equal(head.header('transfer-encoding'), 'gzip, chunked')
  assert.equal(head.header('retry-after'), undefined)
  assert.equal(head.firstByteMs, 42)
})

test('an informational answer is not the answer', () => {
  const { exchange, controller, heads } = playedExchange()
  exchange.onRequestStart(controller)
  exchange.onResponseStart(controller, 103, { link: '</a>' })
  assert.equal(heads.length, 0)
  exchange.onResponseStart(controller, 200, {})
  const head = heads.at(-1)
  assert.equal(head?.kind === 'answered' && head.contentType, '')
})

test('bytes that come before a reader are kept in order and then delivered', () => {
  const { exchange, answer, data, end } = playedExchange()
  answer()
  data('a')
  data('b')
  const sink = notingSink()
  exchange.pipe(sink)
  data('c')
  end()
  assert.deepEqual(sink.seen, ['a', 'b', 'c', '<end>'])
})

test('bytes that nobody reads are bounded: the client is stopped at the limit, and goes on for the reader', () => {
  const { exchange, controller, answer, data } = playedExchange()
  answer()
  data(Buffer.alloc(60_000))
  assert.deepEqual(controller.calls, [])
  data(Buffer.alloc(6_000))
  assert.deepEqual(controller.calls, ['pause'])
  exchange.pipe(notingSink())
  assert.deepEqual(controller.calls, ['pause', 'resume'])
})

test('a reader that is full stops the client until it asks for more', () => {
  let mayGoOn = false
  const { exchange, controller, answer, data } = playedExchange()
  answer()
  exchange.pipe(notingSink(() => mayGoOn))
  controller.calls.length = 0
  data('a')
  assert.deepEqual(controller.calls, ['pause'])
  mayGoOn = true
  exchange.resume()
  data('b')
  assert.deepEqual(controller.calls, ['pause', 'resume'])
})

test('a reader that is full after the early bytes leaves the client stopped', () => {
  const { exchange, controller, answer, data } = playedExchange()
  answer()
  data('a')
  exchange.pipe(notingSink(() => false))
  assert.deepEqual(controller.calls, ['pause'])
})

test('an answer that ended or broke before there was a reader is told to the reader', () => {
  const whole = playedExchange()
  whole.answer()
  whole.data('a')
  whole.end()
  const wholeSink = notingSink()
  whole.exchange.pipe(wholeSink)
  assert.deepEqual(wholeSink.seen, ['a', '<end>'])
  const broken = playedExchange()
  broken.answer()
  broken.fail('ECONNRESET')
  const brokenSink = notingSink()
  broken.exchange.pipe(brokenSink)
  assert.deepEqual(brokenSink.seen, ['<broken>'])
})

test('an answer that breaks while it is read is told once, and frees what the call held once', () => {
  const { exchange, overs, answer, data, fail, end } = playedExchange()
  answer()
  const sink = notingSink()
  exchange.pipe(sink)
  data('a')
  fail('UND_ERR_BODY_TIMEOUT')
  end()
  assert.deepEqual(sink.seen, ['a', '<broken>'])
  assert.deepEqual(overs, [false])
})

test('after an abort the reader hears nothing more', () => {
  const { exchange, overs, answer, data, fail } = playedExchange()
  answer()
  const sink = notingSink()
  exchange.pipe(sink)
  exchange.abort()
  data('late')
  fail('UND_ERR_ABORTED')
  assert.deepEqual(sink.seen, [])
  assert.deepEqual(overs, [false])
})

test('an abort before there is a reader leaves the later reader without a word', () => {
  const { exchange, answer } = playedExchange()
  answer()
  exchange.abort()
  const sink = notingSink()
  exchange.pipe(sink)
  assert.deepEqual(sink.seen, [])
})

test('an abort after the end is none', () => {
  const { exchange, controller, answer, end, overs } = playedExchange()
  answer()
  end()
  exchange.abort()
  assert.deepEqual(controller.calls, [])
  assert.deepEqual(overs, [true])
})

test('a whole body is collected, a broken one is told', async () => {
  const whole = playedExchange()
  whole.answer()
  whole.data('{"a"')
  const collecting = whole.exchange.collect(100)
  whole.data(':1}')
  whole.end()
  assert.equal((await collecting).toString(), '{"a":1}')
  const broken = playedExchange()
  broken.answer()
  const breaking = broken.exchange.collect(100)
  broken.fail('ECONNRESET')
  assert.equal(await breaking, 'broken')
})

test('a body over the limit is not collected and ends the exchange, early bytes counted', async () => {
  const { exchange, controller, answer, data } = playedExchange()
  answer()
  data('12345')
  data('67890')
  assert.equal(await exchange.collect(4), 'too_large')
  assert.deepEqual(controller.calls.filter(call => call.startsWith('abort')).length, 1)
})

test('a body whose exchange is aborted while it is collected is broken, not awaited for ever', async () => {
  const { exchange, answer, data } = playedExchange()
  answer()
  const collecting = exchange.collect(100)
  data('{')
  exchange.abort()
  assert.equal(await collecting, 'broken')
})

test('a body whose exchange was aborted before is broken', async () => {
  const { exchange, answer } = playedExchange()
  answer()
  exchange.abort()
  assert.equal(await exchange.collect(100), 'broken')
})
