// Ending a session waits until it is ended, and there must be one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodedAs } from '#test/support/call-facts.ts'
import { part } from './part.ts'

const SESSION = { token: 's', serverName: 'default', version: '2025-11-25', members: [] }

test('the session is ended before the caller is told so', async () => {
  const ended: string[] = []
  const stage = part({ end: ({ token }) => Promise.resolve(void ended.push(token)) })
  assert.deepEqual(await stage.decide(decodedAs({ session: SESSION })), {
    kind: 'answer',
    answer: { kind: 'ended' },
  })
  assert.deepEqual(ended, ['s'])
})

test('without a session there is nothing to end', async () => {
  const stage = part({ end: () => assert.fail('nothing to end') })
  assert.deepEqual(await stage.decide(decodedAs()), {
    kind: 'refuse',
    refusal: { code: 'RINGMAIN_SESSION_UNKNOWN' },
  })
})
