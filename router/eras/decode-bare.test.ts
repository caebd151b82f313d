// Requests of the legacy era without a body: GET is the stream of a known session, DELETE ends it, and neither is anything else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '#router/facts.ts'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { testGuard } from '#test/support/read-message.ts'
import { decodeRequest } from './decode.ts'

const LISTS = { GET: 'stream', DELETE: 'close' } as const

function decoded(
  verb: keyof typeof LISTS,
  token: string | undefined,
  serverName = 'default',
): ReturnType<typeof decodeRequest> {
  const session: Session = { token: 'known', serverName, version: '2025-06-18', members: [] }
  const headers = {
    'last-event-id': 'e',
    ...(token === undefined ? {} : { 'mcp-session-id': token }),
  }
  return decodeRequest(arrivedAs({ verb, headers }), {
    guard: testGuard(),
    openSession: sent => (sent === session.token ? session : undefined),
    routerId: 'r1',
  })
}

for (const verb of ['GET', 'DELETE'] as const)
  test(`${verb} goes down its list within a known session, and is refused outside of one`, () => {
    const known = decoded(verb, 'known')
    assert.ok(known.kind === 'ok')
    const { list, era, version, message, lastEventId } = known.value
    assert.deepEqual(
      [list, era, version, message.method],
      [LISTS[verb], 'legacy', '2025-06-18', verb],
    )
    assert.equal(lastEventId, verb === 'GET' ? 'e' : undefined)
    for (const [token, server, expected] of [
      [undefined, 'default', [undefined, 'RINGMAIN_METHOD_NOT_ALLOWED']],
      ['unknown', 'default', ['legacy', 'RINGMAIN_SESSION_UNKNOWN']],
      ['known', 'other', ['legacy', 'RINGMAIN_SESSION_UNKNOWN']],
    ] as const) {
      const refused = decoded(verb, token, server)
      assert.ok(refused.kind === 'refuse')
      assert.deepEqual([refused.era, refused.refusal.code], expected)
    }
  })
