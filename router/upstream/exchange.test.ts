// One exchange on a fake connection: what was not sent is told from what was, and bytes come at the reader's pace.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notingSink, playedExchange } from '#test/support/played-exchange.ts'

const kinds = (heads: readonly { readonly kind: string }[]): string[] =>
  heads.map(head => head.kind)

test('a reader that cannot read what is lent has copies, before it reads and after', () => {
  const { exchange, answer } = playedExchange()
  const memory = Buffer.from('one')
  const seen: Buffer[] = []
  answer()
  exchange.onData(memory)
  const keeps = (chunk: Buffer): boolean => seen.push(chunk) > 0
  exchange.pipe({ data: keeps, end: () => undefined, broken: () => undefined })
  memory.write('two')
  exchange.onData(memory)
  memory.write('end')
  assert.deepEqual(seen.map(String), ['one', 'two'])
})

test('a reader that can has what was read, and no copy of it', () => {
  const { exchange, control, answer } = playedExchange()
  const memory = Buffer.from('lent')
  const lent: Buffer[] = []
  const full = (bytes: Buffer): boolean => lent.push(bytes) === 0
  answer()
  exchange.pipe({ ...notingSink(), lent: full })
  exchange.onData(memory)
  assert.equal(lent[0], memory)
  assert.equal(control.calls.at(-1), 'pause')
})

test('a connection that was never there is not sent', () => {
  const { heads, overs, fail } = playedExchange()
  fail('ECONNREFUSED')
  const detail = 'ECONNREFUSED: played ECONNREFUSED'
  assert.deepEqual(heads, [{ kind: 'not_sent', detail, isNobodyThere: true }])
  assert.deepEqual(overs, [false])
})

test('a connection lost after the request began to go out is no answer, whatever the reason', () => {
  for (const code of ['ECONNRESET', 'CLOSED_EARLY', 'ECONNREFUSED', 'EPIPE'] as const) {
    const { heads, start, fail } = playedExchange()
    start()
    fail(code)
    assert.deepEqual(kinds(heads), ['no_answer'], code)
  }
})

test('silence until the limit after the request is a timeout', () => {
  const { heads, start, fail } = playedExchange()
  start()
  fail('FIRST_BYTE_TIMEOUT')
  assert.deepEqual(kinds(heads), ['timeout'])
})

test('a connect timeout is not a timeout of the replica: nothing was sent', () => {
  const { heads, fail } = playedExchange()
  fail('CONNECT_TIMEOUT')
  assert.deepEqual(kinds(heads), ['not_sent'])
})

test('a caller who leaves before the request went out stops it from going out', () => {
  const { exchange, control, heads, overs, start } = playedExchange()
  exchange.abort()
  assert.deepEqual(heads, [{ kind: 'abandoned' }])
  assert.equal(start(), false)
  assert.deepEqual([control.calls, kinds(heads)], [[], ['abandoned']])
  assert.deepEqual(overs, [false])
})

test('a connection that cannot be made after the caller has left changes nothing', () => {
  const { exchange, heads, overs, fail } = playedExchange()
  exchange.abort()
  fail('ECONNREFUSED')
  assert.deepEqual([kinds(heads), overs], [['abandoned'], [false]])
})

test('a caller who leaves while the answer is awaited aborts the request at once', () => {
  const { exchange, control, heads, overs, start } = playedExchange()
  start()
  exchange.abort()
  exchange.abort()
  assert.deepEqual(control.calls, ['abort'])
  assert.deepEqual(kinds(heads), ['abandoned'])
  assert.deepEqual(overs, [false])
})

test('the head tells status, content type, first of repeated fields and time to first byte', () => {
  let nowMs = 100
  const { answer, heads, start } = playedExchange(() => nowMs)
  start()
  nowMs = 142
  answer({
    'content-type': 'application/json',
    'set-cookie': ['a', 'b'],
    'content-encoding': ['identity', 'gzip'],
    connection: ['keep-alive', 'close'],
    'mcp-session-id': ['a', 'b'],
    'transfer-encoding': ['gzip', 'chunked'],
  })
  const head = heads[0]
  assert.equal(head?.kind, 'answered')
  assert.equal(head.status, 200)
  assert.equal(head.contentType, 'application/json')
  assert.equal(head.header('set-cookie'), 'a')
  assert.equal(head.header('content-encoding'), 'identity, gzip')
  assert.equal(head.header('transfer-encoding'), 'gzip, chunked')
  assert.equal(head.header('connection'), 'keep-alive, close')
  assert.equal(head.header('mcp-session-id'), 'a, b') // which is none
  assert.equal(head.header('retry-after'), undefined)
  assert.equal(head.firstByteMs, 42)
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

test('bytes that nobody reads are bounded: the connection is stopped at the limit, and goes on for the reader', () => {
  const { exchange, control, answer, data } = playedExchange()
  answer()
  data(Buffer.alloc(60_000))
  assert.deepEqual(control.calls, [])
  data(Buffer.alloc(6_000))
  assert.deepEqual(control.calls, ['pause'])
  exchange.pipe(notingSink())
  assert.deepEqual(control.calls, ['pause', 'resume'])
})

test('a reader that is full stops the connection until it asks for more', () => {
  let mayGoOn = false
  const { exchange, control, answer, data } = playedExchange()
  answer()
  exchange.pipe(notingSink(() => mayGoOn))
  control.calls.length = 0
  data('a')
  assert.deepEqual(control.calls, ['pause'])
  mayGoOn = true
  exchange.resume()
  data('b')
  assert.deepEqual(control.calls, ['pause', 'resume'])
})

test('a reader that is full after the early bytes leaves the connection stopped', () => {
  const { exchange, control, answer, data } = playedExchange()
  answer()
  data('a')
  exchange.pipe(notingSink(() => false))
  assert.deepEqual(control.calls, ['pause'])
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
  fail('IDLE_TIMEOUT')
  end()
  assert.deepEqual(sink.seen, ['a', '<broken>'])
  assert.deepEqual(overs, [false])
})

test('after an abort the reader hears nothing more', () => {
  const { exchange, overs, answer } = playedExchange()
  answer()
  const sink = notingSink()
  exchange.pipe(sink)
  exchange.abort()
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
  const { exchange, control, answer, end, overs } = playedExchange()
  answer()
  end()
  exchange.abort()
  assert.deepEqual(control.calls, [])
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
  const { exchange, control, answer, data } = playedExchange()
  answer()
  data('12345')
  data('67890')
  assert.equal(await exchange.collect(4), 'too_large')
  assert.deepEqual(control.calls.filter(call => call === 'abort').length, 1)
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
