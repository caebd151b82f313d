// The stage between bytes and facts: what was understood of a message that is refused stays on the trail.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callAs, decodedAs, messageAs } from '#test/support/call-facts.ts'
import { decode } from './decode.ts'

test('what was decoded becomes the facts of the call', () => {
  const decoded = decodedAs()
  const call = callAs()
  const stage = decode({ decode: () => ({ kind: 'ok', value: decoded }) })
  assert.deepEqual(stage.decide(call), { kind: 'continue', facts: decoded })
  assert.equal(call.trail.misread, undefined)
})

test('a refusal goes on without what the answer alone needs, which the trail keeps', () => {
  const message = messageAs()
  const call = callAs()
  const refusal = { code: 'RINGMAIN_UNKNOWN_METHOD' } as const
  const stage = decode({
    decode: () => ({ kind: 'refuse', refusal, era: 'legacy', message, idJson: '1' }),
  })
  assert.deepEqual(stage.decide(call), { kind: 'refuse', refusal })
  assert.deepEqual(call.trail.misread, { era: 'legacy', message, idJson: '1' })
})
