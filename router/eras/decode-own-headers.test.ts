// The router's own headers beside a message: one that says what nobody knows, or that it has come round, lets nothing pass.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import type { Arrived, Session } from '#router/facts.ts'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { modernRequest } from '#test/support/raw-http.ts'
import { testGuard } from '#test/support/read-message.ts'
import { decodeRequest } from './decode.ts'

const SESSION: Session = {
  token: 'known',
  serverName: 'default',
  version: '2025-06-18',
  members: [],
}
const MODERN = modernRequest('server/discover')

/** One of each way in. */
const REQUESTS: Readonly<Record<string, Partial<Arrived>>> = {
  modern: { headers: MODERN.headers ?? {}, body: Buffer.from(MODERN.body ?? '') },
  legacy: { headers: {}, body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}') },
  'a stream': { verb: 'GET', headers: { 'mcp-session-id': 'known' } },
  'an end': { verb: 'DELETE', headers: { 'mcp-session-id': 'known' } },
}

const decoded = (
  request: Partial<Arrived>,
  headers: IncomingHttpHeaders,
): ReturnType<typeof decodeRequest> =>
  decodeRequest(arrivedAs({ ...request, headers: { ...request.headers, ...headers } }), {
    guard: testGuard(),
    openSession: sent => (sent === SESSION.token ? SESSION : undefined),
    routerId: 'r1',
  })

test('what has come through this router before goes no further, whatever it is, and says so to the next where it has not', () => {
  for (const [what, request] of Object.entries(REQUESTS)) {
    for (const [via, code] of [
      ['r1', 'RINGMAIN_LOOP'],
      ['r2, r1', 'RINGMAIN_LOOP'],
      ['r2 r1', 'RINGMAIN_INVALID_HEADER'],
    ] as const) {
      const refused = decoded(request, { 'x-ringmain-via': via })
      assert.ok(refused.kind === 'refuse', `${what} by ${via}`)
      assert.equal(refused.refusal.code, code)
    }
    const taken = decoded(request, { 'x-ringmain-via': 'r2' })
    assert.ok(taken.kind === 'ok', what)
    assert.deepEqual(
      taken.value.passedHeaders.find(([name]) => name === 'x-ringmain-via'),
      ['x-ringmain-via', 'r2,r1'],
    )
  }
})

test('a word for what a call is worth is known, or the call is refused', () => {
  for (const what of ['modern', 'legacy']) {
    const request = REQUESTS[what] ?? assert.fail()
    const refused = decoded(request, { 'x-ringmain-criticality': 'most' })
    assert.ok(refused.kind === 'refuse', what)
    assert.equal(refused.refusal.code, 'RINGMAIN_INVALID_HEADER')
    const taken = decoded(request, { 'x-ringmain-criticality': 'sheddable' })
    assert.ok(taken.kind === 'ok' && taken.value.askedCriticality === 'sheddable', what)
  }
})
