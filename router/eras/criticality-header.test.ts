// What a caller says its call is worth: a word that is known, or the request is refused in its era and under its id.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { testGuard } from '#test/support/read-message.ts'
import { decodeRequest } from './decode.ts'

const decoded = (word?: string): ReturnType<typeof decodeRequest> =>
  decodeRequest(
    arrivedAs({
      headers: word === undefined ? {} : { 'x-ringmain-criticality': word },
      body: Buffer.from('{"jsonrpc":"2.0","id":7,"method":"ping"}'),
    }),
    { guard: testGuard(), openSession: () => undefined, routerId: 'r1' },
  )

test('a known word is taken, and none is none', () => {
  for (const word of [undefined, 'sheddable', 'sheddable_plus', 'critical', 'critical_plus']) {
    const read = decoded(word)
    assert.ok(read.kind === 'ok')
    assert.equal(read.value.askedCriticality, word)
  }
})

test('any other word is refused, and the known ones are told', () => {
  for (const word of ['', 'batch', 'Sheddable', 'sheddable, critical']) {
    const read = decoded(word)
    assert.ok(read.kind === 'refuse')
    assert.equal(read.refusal.code, 'RINGMAIN_INVALID_HEADER')
    assert.match(read.refusal.says ?? '', /must be one of sheddable, sheddable_plus, critical, /)
    assert.deepEqual([read.era, read.idJson], ['legacy', '7'])
  }
})
