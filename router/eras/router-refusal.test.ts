// What a router behind this one refused: told by its header, and in its own words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageAs } from '#test/support/call-facts.ts'
import { answeredAs, fakeBody } from '#test/support/fake-body.ts'
import { judgeAnswer } from './judge.ts'
import { legacyRefusal } from './legacy/refuse.ts'
import { modernRefusal } from './modern/refuse.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

test('a 200 that a router marks as not executed is its refusal, told in the words of that one', async () => {
  const marked = { ...JSON_TYPE, 'x-ringmain-not-executed': '1' }
  const told = (body: Buffer | 'broken', headers = marked) =>
    judgeAnswer(answeredAs(200, headers, fakeBody(body)), {
      era: 'modern',
      spoken: 'modern',
      isBound: false,
    })
  const detail = 'the replica is a router, and says so'
  const busy = {
    code: 'RINGMAIN_CLUSTER_BUSY',
    says: 'one\u202e two',
    retryAfterMs: 1_500,
  } as const
  for (const era of [modernRefusal, legacyRefusal])
    for (const method of ['tools/call', 'prompts/get']) {
      const { body, headers } = era(messageAs({ method }), busy, '1')
      assert.equal(headers['x-ringmain-not-executed'], '1', 'as a router marks it')
      assert.deepEqual(await told(Buffer.from(body)), { ...busy, says: 'one  two', detail })
    }
  const nobody = { code: 'RINGMAIN_NO_HEALTHY_REPLICA', detail, retryAfterMs: 1_000 }
  for (const body of [
    'broken',
    Buffer.from('{"result":[]}'),
    Buffer.from('{"error":{"data":{"problem":{"code":"toString"}}}}'),
    Buffer.from(
      modernRefusal(messageAs({ method: 'tools/call' }), { code: 'RINGMAIN_OUTCOME_UNKNOWN' }, '1')
        .body,
    ),
  ] as const)
    assert.deepEqual(await told(body), nobody)
  assert.equal(
    told(Buffer.from('{}'), JSON_TYPE as typeof marked),
    'relay',
    'the body marks nothing',
  )
})

test('what may have run, and what would fail again, is marked by no router', () => {
  for (const code of [
    'RINGMAIN_OUTCOME_UNKNOWN',
    'RINGMAIN_UNKNOWN_TOOL',
    'RINGMAIN_DEADLINE_EXCEEDED',
    'RINGMAIN_UPSTREAM_REFUSED',
  ] as const) {
    const { headers } = modernRefusal(messageAs({ method: 'tools/call' }), { code }, '1')
    assert.deepEqual(headers, JSON_TYPE)
  }
})
