// What a replica may do to the time of others: an answer that never pauses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { notingSink, playedExchange } from '#test/support/played-exchange.ts'
import { Turns } from './turns.ts'

test('an answer that comes as fast as it can lets the loop turn', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  for (const { piece, pieces } of [
    { piece: 40_000, pieces: 2 },
    { piece: 1, pieces: 64 },
  ]) {
    const { exchange, control, answer, data } = playedExchange()
    answer()
    exchange.pipe(notingSink())
    control.calls.length = 0
    for (let time = 1; time < pieces; time += 1) data('x'.repeat(piece))
    assert.deepEqual(control.calls, [], `${piece}`)
    data('x'.repeat(piece))
    assert.deepEqual(control.calls, ['pause'])
    exchange.resume() // a caller who has read all does not end the breather
    assert.deepEqual(control.calls, ['pause'])
    t.mock.timers.tick(0)
    assert.deepEqual(control.calls, ['pause', 'resume'])
  }
})

test('the loop has turned, but the reader has not: the answer waits for both', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  const { exchange, control, answer, data } = playedExchange()
  answer()
  exchange.pipe(notingSink(() => false))
  control.calls.length = 0
  data('x'.repeat(200_000))
  t.mock.timers.tick(0)
  assert.doesNotMatch(control.calls.join(), /resume/)
  exchange.resume()
  assert.equal(control.calls.at(-1), 'resume')
})

test('of many long answers a few go on in one turn of the loop', async () => {
  const turns = new Turns()
  const played = Array.from({ length: 6 }, () => playedExchange(undefined, undefined, turns))
  for (const { exchange, control, answer, data } of played) {
    answer()
    exchange.pipe(notingSink())
    control.calls.length = 0
    data('x'.repeat(100_000))
  }
  const gone = (): number => played.filter(({ control }) => control.calls.includes('resume')).length
  assert.equal(gone(), 0)
  await nextTurn()
  assert.equal(gone(), 2)
  await nextTurn()
  assert.equal(gone(), 4)
})
