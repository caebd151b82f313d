// What asks for no answer is taken; a legacy cancellation is carried to the call it names, and an answer to whoever asked.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { McpAnswer } from '#router/facts.ts'
import type { Refusal, Verdict } from '#router/pipeline/stage.ts'
import { decodedAs, messageAs } from '#test/support/call-facts.ts'
import { notice } from './notice.ts'

const SESSION = { token: 's', serverName: 'default', version: '2025-11-25', members: [] }
const ACCEPTED = { kind: 'answer', answer: { kind: 'accepted' } }

interface Noticed {
  readonly log: readonly string[]
  readonly verdict: Verdict<object, McpAnswer>
}

async function noticed(
  message: Parameters<typeof messageAs>[0],
  hasSession = true,
  refusal?: Refusal,
): Promise<Noticed> {
  const log: string[] = []
  const stage = notice(
    { cancel: (token, idJson) => void log.push(`cancel ${token} ${idJson}`) },
    {
      answer: async ({ message: { idJson } }) => {
        log.push(`answer ${idJson}`)
        return refusal
      },
      tellAll: ({ message: { method } }) => void log.push(`tell ${method}`),
    },
  )
  const call = decodedAs({
    message: messageAs(message),
    ...(hasSession ? { session: SESSION } : {}),
  })
  return { verdict: await stage.decide(call), log }
}

const notified = (
  method: string,
  params: Readonly<Record<string, unknown>>,
  hasSession = true,
): Promise<Noticed> => noticed({ kind: 'notification', method, params }, hasSession)

test('a cancellation names a call of its session by an id of text or number', async () => {
  for (const [requestId, idJson] of [
    [0, '0'],
    ['é"', '"é\\""'],
  ] as const)
    assert.deepEqual(await notified('notifications/cancelled', { requestId }), {
      log: [`cancel s ${idJson}`],
      verdict: ACCEPTED,
    })
})

test('that a caller has other roots is told to all who hold a part of its session', async () => {
  const method = 'notifications/roots/list_changed'
  assert.deepEqual((await notified(method, {})).log, [`tell ${method}`])
  assert.deepEqual((await notified(method, {}, false)).log, [])
})

test('every other notification, and one that names nothing or has no session, is only taken', async () => {
  for (const noted of [
    notified('notifications/initialized', { requestId: 1 }),
    notified('notifications/cancelled', {}),
    notified('notifications/cancelled', { requestId: null }),
    notified('notifications/cancelled', { requestId: {} }),
    notified('notifications/cancelled', { requestId: 1 }, false),
  ])
    assert.deepEqual(await noted, { log: [], verdict: ACCEPTED })
})

test('an answer goes to whoever asked, and is taken once it is there', async () => {
  const response = { kind: 'response', method: '', idJson: '"q"' } as const
  assert.deepEqual(await noticed(response), { log: ['answer "q"'], verdict: ACCEPTED })
  const refusal = { code: 'RINGMAIN_ANSWER_LOST' } as const
  assert.deepEqual((await noticed(response, true, refusal)).verdict, { kind: 'refuse', refusal })
})

test('a caller without a session was asked nothing', async () => {
  const { log, verdict } = await noticed({ kind: 'response', method: '', idJson: '"q"' }, false)
  assert.deepEqual(log, [])
  assert.equal(verdict.kind === 'refuse' && verdict.refusal.code, 'RINGMAIN_QUESTION_UNKNOWN')
})
