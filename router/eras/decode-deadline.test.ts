// The caller's own word on how long it still waits: one whole number, or a refusal that names the header.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { modernRequest } from '#test/support/raw-http.ts'
import { testGuard } from '#test/support/read-message.ts'
import { decodeRequest } from './decode.ts'

const LEGACY = { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}', headers: {} }

function decoded(
  headers: IncomingHttpHeaders,
  asked: { readonly body?: string | Buffer; readonly headers?: object } = LEGACY,
): ReturnType<typeof decodeRequest> {
  const arrived = arrivedAs({
    headers: { ...asked.headers, ...headers },
    body: Buffer.from(asked.body ?? ''),
  })
  return decodeRequest(arrived, {
    guard: testGuard(),
    openSession: () => undefined,
    routerId: 'r1',
  })
}

test('how long the caller still waits is taken as whole milliseconds, in either era', () => {
  for (const request of [LEGACY, modernRequest('server/discover')])
    for (const stated of ['0', '2500', '999999999']) {
      const { kind, ...rest } = decoded({ 'x-ringmain-deadline-ms': stated }, request)
      assert.ok(kind === 'ok' && 'value' in rest)
      assert.equal(rest.value.askedMs, Number(stated))
    }
  const without = decoded({})
  assert.ok(without.kind === 'ok' && !('askedMs' in without.value))
})

test('a deadline that is no whole number is refused by name, and so are two of them', () => {
  for (const stated of ['', '1.5', '-1', '+1', '1s', ' 1', '1e3', '0x10', '1, 2', '1234567890']) {
    const refused = decoded({ 'x-ringmain-deadline-ms': stated })
    assert.ok(refused.kind === 'refuse', JSON.stringify(stated))
    assert.equal(refused.refusal.code, 'RINGMAIN_INVALID_DEADLINE')
  }
})
