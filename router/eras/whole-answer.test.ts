// An answer that is here whole is judged and changed exactly as one that streams past.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { IdSwap } from './id-swap.ts'
import { answerUnder } from './whole-answer.ts'

const OURS = '1000000007'

const whole = (json: string, sent = OURS, by = '"x"'): string | undefined =>
  answerUnder(Buffer.from(json), sent, by)?.toString()

function streamed(json: string, sent = OURS, by = '"x"'): string | undefined {
  const swap = new IdSwap(sent, by)
  const bytes = Buffer.from(json)
  const out: Buffer[] = []
  const emit = (piece: Buffer): void => void out.push(Buffer.from(piece))
  swap.feed(bytes, 0, bytes.length, false, emit)
  swap.endMessage(emit)
  return swap.isAnswered ? Buffer.concat(out).toString() : undefined
}

const id = fc.oneof(fc.constant(Number(OURS)), fc.constant(OURS), fc.integer(), fc.constant(null))
const message = fc.record(
  {
    method: fc.constantFrom('a', 'id'),
    result: fc.oneof(jsonValue(2), fc.record({ id })),
    error: fc.record({ id, code: fc.integer() }),
    odd: jsonValue(2),
    id,
  },
  { requiredKeys: [] },
)

test('of any message it makes what the streaming way makes', t => {
  fc.assert(
    fc.property(fc.oneof(message, jsonValue(2)), fc.integer(), (value, ink) => {
      const json = spelt(value, seededRandom(ink))
      assert.equal(whole(json), streamed(json))
      assert.equal(whole(json, OURS, OURS), streamed(json, OURS, OURS))
    }),
    runOf(t, 800),
  )
})

test('an answer under the same id on both sides is the same bytes, not a copy', () => {
  const body = Buffer.from('{"id":7,"result":{}}')
  assert.equal(answerUnder(body, '7', '7'), body)
})

test('an id is the same however it is spelt, and a string is no number', () => {
  assert.equal(whole('{"id":7.0,"result":1}', '7'), '{"id":"x","result":1}')
  assert.equal(whole('{"\\u0069d":"\\u0061","error":1}', '"a"'), '{"\\u0069d":"x","error":1}')
  assert.equal(whole('{"id":"7","result":1}', '7'), undefined)
})

test('what breaks off, and what is no object, is no answer and no endless walk', () => {
  const json = '{"id":7,"result":{"a":["b",{}]}, "c" : "d"}'
  for (let length = 0; length < json.length; length += 1)
    assert.equal(whole(json.slice(0, length), '7'), undefined, json.slice(0, length))
  for (const other of [
    '',
    ' ',
    '[]',
    '[{"id":7,"result":1}]',
    '"id"',
    '7',
    '<html>',
    '{id:7,result:1}',
    '{"id":7 "result":1}',
    '{"id":oops,"result":1}',
  ])
    assert.equal(whole(other, '7'), undefined, other)
})

test('depth costs no stack', () => {
  const depth = 100_000
  const json = `{"id":7,"result":${'['.repeat(depth)}${']'.repeat(depth)}}`
  assert.equal(whole(json, '7')?.length, json.length + 2)
})
