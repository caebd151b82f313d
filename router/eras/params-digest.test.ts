// Two rounds of one call have one digest, however they are spelt; two calls have two.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { messageOf } from '#test/support/read-message.ts'
import { paramsDigest } from './params-digest.ts'

const called = (params: string): string =>
  paramsDigest(messageOf(`{"jsonrpc":"2.0","id":1,"method":"tools/call"${params}}`))
const digest = (params: string): string => called(`,"params":${params}`)

test('the spelling of the parameters and the order of their keys do not count', t => {
  fc.assert(
    fc.property(jsonValue(3), jsonValue(2), fc.integer(), (args, more, ink) => {
      const random = seededRandom(ink)
      const one = spelt({ name: 'a', arguments: { args, more } }, random)
      const other = spelt({ arguments: { more, args }, name: 'a' }, random)
      assert.equal(digest(one), digest(other))
    }),
    runOf(t, 500),
  )
})

test('every other value is another call', t => {
  fc.assert(
    fc.property(jsonValue(3), jsonValue(3), (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other)
      if (!same)
        assert.notEqual(digest(JSON.stringify({ one })), digest(JSON.stringify({ one: other })))
    }),
    runOf(t, 500),
  )
  const calls = [
    '{"a":9007199254740993}',
    '{"a":9007199254740992}',
    '{"a":"1"}',
    '{"a":1}',
    '{"a":[1]}',
    '{"a":[[1]]}',
    '{"a":{"1":1}}',
    '{"a":null}',
    '{}',
    '{"a":[],"b":[]}',
    '{"a":["],"]}',
    '{"b":1}',
    '{"a":{"_meta":1}}',
    '{"a":{}}',
  ]
  assert.equal(new Set(calls.map(digest)).size, calls.length)
})

test('what differs between the rounds of a call does not count', () => {
  const first = digest('{"name":"a","_meta":{"progressToken":1}}')
  assert.equal(
    digest('{"requestState":"s","name":"a","inputResponses":{"k":{}},"_meta":{}}'),
    first,
  )
  assert.equal(digest('{"name":"a"}'), first)
  assert.equal(called(''), called(''))
})
