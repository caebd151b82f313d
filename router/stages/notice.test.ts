// What asks for no answer is taken; a legacy cancellation is carried to the call it names.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodedAs, messageAs } from '#test/support/call-facts.ts'
import { notice } from './notice.ts'

const SESSION = { token: 's', serverName: 'default', version: '2025-11-25', members: [] }

function noticed(
  method: string,
  params: Readonly<Record<string, unknown>>,
  hasSession = true,
): readonly string[] {
  const cancelled: string[] = []
  const stage = notice({ cancel: (token, idJson) => cancelled.push(`${token} ${idJson}`) })
  const message = messageAs({ kind: 'notification', method, params })
  const call = decodedAs({ message, ...(hasSession ? { session: SESSION } : {}) })
  assert.deepEqual(stage.decide(call), { kind: 'answer', answer: { kind: 'accepted' } })
  return cancelled
}

test('a cancellation names a call of its session by an id of text or number', () => {
  assert.deepEqual(noticed('notifications/cancelled', { requestId: 0 }), ['s 0'])
  assert.deepEqual(noticed('notifications/cancelled', { requestId: 'é"' }), ['s "é\\""'])
})

test('every other notification, and one that names nothing or has no session, is only taken', () => {
  assert.deepEqual(noticed('notifications/initialized', { requestId: 1 }), [])
  assert.deepEqual(noticed('notifications/cancelled', {}), [])
  assert.deepEqual(noticed('notifications/cancelled', { requestId: null }), [])
  assert.deepEqual(noticed('notifications/cancelled', { requestId: {} }), [])
  assert.deepEqual(noticed('notifications/cancelled', { requestId: 1 }, false), [])
})
