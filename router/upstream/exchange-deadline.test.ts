// An exchange whose time is over: what was not sent stays unsent, what was sent is ended at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notingSink, playedExchange } from '#test/support/played-exchange.ts'

const DETAIL = 'the deadline of the call is over'

test('before the connection was there, nothing was sent, and nothing will be', () => {
  const { exchange, control, start, heads, overs } = playedExchange()
  exchange.expire(false)
  assert.deepEqual(heads, [{ kind: 'not_sent', detail: DETAIL, isNobodyThere: false }])
  assert.deepEqual(overs, [false])
  assert.equal(start(), false)
  assert.deepEqual(control.calls, [])
})

test('after the request went out it is a timeout, and the exchange is ended at once', () => {
  const { exchange, control, start, heads, overs } = playedExchange()
  start()
  exchange.expire(false)
  exchange.expire(false)
  assert.deepEqual(heads, [{ kind: 'timeout', detail: DETAIL }])
  assert.deepEqual(control.calls, ['abort'])
  assert.deepEqual(overs, [false])
})

test('whose time it was is told', () => {
  const sent = playedExchange()
  sent.start()
  sent.exchange.expire(true)
  const unsent = playedExchange()
  unsent.exchange.expire(true)
  assert.deepEqual(
    [...sent.heads, ...unsent.heads],
    [
      { kind: 'timeout', detail: DETAIL, isCallers: true },
      { kind: 'not_sent', detail: DETAIL, isNobodyThere: false, isOurs: true },
    ],
  )
})

test('a body that is being collected is given up; one that is whole is left as it is', async () => {
  const played = playedExchange()
  played.answer()
  const collecting = played.exchange.collect(1_000)
  played.data('{"half"')
  played.exchange.expire(false)
  assert.equal(await collecting, 'broken')
  const whole = playedExchange()
  whole.answer()
  whole.end()
  whole.exchange.expire(false)
  const sink = notingSink()
  whole.exchange.pipe(sink)
  assert.deepEqual(sink.seen, ['<end>'])
})
