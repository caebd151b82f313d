// What a replica may do to the time of others: informal answers without end, and an answer that never pauses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { notingSink, playedExchange } from '#test/support/fake-controller.ts'
import { Turns } from './turns.ts'

const kinds = (heads: readonly { readonly kind: string }[]): string[] =>
  heads.map(head => head.kind)

test('informal answers without end are no answer', () => {
  const { exchange, controller, heads, overs } = playedExchange()
  exchange.onRequestStart(controller)
  for (let time = 0; time < 8; time += 1) exchange.onResponseStart(controller, 102, {})
  assert.deepEqual([heads, controller.calls], [[], []])
  exchange.onResponseStart(controller, 102, {})
  const detail = 'more than 8 answers of status 102 and no final one'
  assert.deepEqual(heads, [{ kind: 'no_answer', detail }])
  assert.deepEqual([controller.calls, overs], [[`abort: ${detail}`], [false]])
})

test('an informal answer gives the final one no more time', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const { exchange, controller, heads, overs } = playedExchange(() => nowMs, undefined, {
    firstByteMs: 3_000,
  })
  exchange.onRequestStart(controller)
  for (nowMs = 1_000; nowMs < 3_000; nowMs += 1_000) {
    exchange.onResponseStart(controller, 102, {})
    t.mock.timers.tick(nowMs === 1_000 ? 1_000 : 999)
  }
  assert.deepEqual(heads, [])
  t.mock.timers.tick(1)
  assert.deepEqual(kinds(heads), ['timeout'])
  assert.deepEqual(overs, [false])
})

test('once the final head is there the limit on it is gone', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { exchange, controller, heads, overs } = playedExchange(() => 0, undefined, {
    firstByteMs: 3_000,
  })
  exchange.onRequestStart(controller)
  exchange.onResponseStart(controller, 103, {})
  exchange.onResponseStart(controller, 200, {})
  t.mock.timers.tick(10_000)
  assert.deepEqual([kinds(heads), overs], [['answered'], []])
})

test('an answer that comes as fast as it can lets the loop turn', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  for (const { piece, pieces } of [
    { piece: 40_000, pieces: 2 },
    { piece: 1, pieces: 64 },
  ]) {
    const { exchange, controller, answer, data } = playedExchange()
    answer()
    exchange.pipe(notingSink())
    controller.calls.length = 0
    for (let time = 1; time < pieces; time += 1) data('x'.repeat(piece))
    assert.deepEqual(controller.calls, [], `${piece}`)
    data('x'.repeat(piece))
    assert.deepEqual(controller.calls, ['pause'])
    exchange.resume() // a caller who has read all does not end the breather
    assert.deepEqual(controller.calls, ['pause'])
    t.mock.timers.tick(0)
    assert.deepEqual(controller.calls, ['pause', 'resume'])
  }
})

test('the loop has turned, but the reader has not: the answer waits for both', t => {
  t.mock.timers.enable({ apis: ['setImmediate'] })
  const { exchange, controller, answer, data } = playedExchange()
  answer()
  exchange.pipe(notingSink(() => false))
  controller.calls.length = 0
  data('x'.repeat(200_000))
  t.mock.timers.tick(0)
  assert.doesNotMatch(controller.calls.join(), /resume/)
  exchange.resume()
  assert.equal(controller.calls.at(-1), 'resume')
})

test('of many long answers a few go on in one turn of the loop', async () => {
  const turns = new Turns()
  const played = Array.from({ length: 6 }, () => playedExchange(undefined, undefined, { turns }))
  for (const { exchange, controller, answer, data } of played) {
    answer()
    exchange.pipe(notingSink())
    controller.calls.length = 0
    data('x'.repeat(100_000))
  }
  const gone = (): number =>
    played.filter(({ controller }) => controller.calls.includes('resume')).length
  assert.equal(gone(), 0)
  await nextTurn()
  assert.equal(gone(), 2)
  await nextTurn()
  assert.equal(gone(), 4)
})
