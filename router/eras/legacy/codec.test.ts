// The legacy codec: ids of the router's own on the way up, everything else as it came, and no header that the revision does not know.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import type { Message } from '#router/facts.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { messageOf } from '#test/support/read-message.ts'
import type { Upward } from '../codec.ts'
import { legacyCodec } from './codec.ts'

const UP: Upward = { version: '2025-11-25', idJson: '1000000007', leftMs: 900 }

const request = (method: string, params = '{}', id = '1'): Message =>
  messageOf(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`)

const decoded = (message: Message, version?: string): string => {
  const verdict = legacyCodec.decode(message, { 'mcp-protocol-version': version })
  return verdict.kind === 'ok'
    ? `${verdict.value.list} ${verdict.value.version}`
    : verdict.refusal.code
}

const up = (message: Message, to: Partial<Upward> = {}): string =>
  legacyCodec
    .upward({ era: 'legacy', message, passedHeaders: [] }, { ...UP, ...to })
    .body.toString()

test('each method goes down its list; one that is not implemented is told so', () => {
  assert.equal(decoded(request('tools/call', '{"name":"a"}'), '2025-11-25'), 'call 2025-11-25')
  assert.equal(decoded(request('tools/list'), '2025-06-18'), 'list 2025-06-18')
  assert.equal(decoded(request('ping')), 'handshake 2025-03-26')
  for (const method of ['server/discover', 'Ping', '__proto__', 'toString', 'resources/find'])
    assert.equal(decoded(request(method)), 'RINGMAIN_UNKNOWN_METHOD', method)
})

test('the name of a tool must be text', () => {
  for (const params of ['{}', '{"name":1}', '{"name":null}'])
    assert.equal(decoded(request('tools/call', params)), 'RINGMAIN_INVALID_PARAMS')
})

test('headers that only the modern era knows are not looked at', () => {
  const verdict = legacyCodec.decode(request('tools/call', '{"name":"a"}'), {
    'mcp-method': 'tools/list',
    'mcp-name': 'b',
  })
  assert.equal(verdict.kind, 'ok')
})

test('a notification and a response are taken under a version that is spoken, and under no other', () => {
  for (const body of [
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}',
  ]) {
    assert.equal(decoded(messageOf(body), '2025-06-18'), 'notice 2025-06-18')
    assert.equal(decoded(messageOf(body)), 'notice 2025-03-26')
    for (const version of ['2024-11-05', 'garbage', ''])
      assert.equal(decoded(messageOf(body), version), 'RINGMAIN_UNSUPPORTED_VERSION')
  }
})

test('what goes up is what came in but for the id', t => {
  fc.assert(
    fc.property(jsonValue(3), fc.string(), fc.integer(), (value, id, ink) => {
      const params = { name: 'search', arguments: value, odd: { id: 5, value } }
      const json = spelt({ jsonrpc: '2.0', method: 'tools/call', params, id }, seededRandom(ink))
      const message = messageOf(json)
      const body = up(message, { ownName: 'search' })
      const { start, end } = message.spans.id ?? assert.fail('no id')
      const bytes = Buffer.from(json)
      assert.equal(
        body,
        `${bytes.toString('utf8', 0, start)}1000000007${bytes.toString('utf8', end)}`,
      )
    }),
    runOf(t, 200),
  )
})

test('id and name are replaced wherever they stand, and nothing else is', () => {
  const args = '"arguments":{"big":12345678901234567890,"hundred":1e2,"id":1,"name":"crm__find"}'
  const params = `"params" : { "n\\u0061me": "crm__find" ,${args}}`
  for (const [before, after] of [
    [
      `{"jsonrpc":"2.0","id" : "x" ,"method":"tools/call",${params}}`,
      '{"jsonrpc":"2.0","id" : 1000000007 ,"method":"tools/call",',
    ],
    [`{${params},"method":"tools/call","jsonrpc":"2.0","id":0}`, undefined],
  ] as const) {
    const body = up(messageOf(before), { ownName: 'fi"nd' })
    const changed = before.replace('"x"', '1000000007').replace('"id":0', '"id":1000000007')
    assert.equal(body, changed.replace('"crm__find"', '"fi\\"nd"'))
    if (after !== undefined) assert.ok(body.startsWith(after))
  }
})

test('a later round of a modern caller goes up as the call was at first', () => {
  const call = (params: string): string =>
    `{"jsonrpc":"2.0","id":1000000007,"method":"tools/call","params":{${params}}}`
  const own = '"name":"a","arguments":{"n":12345678901234567890}'
  const round = `"inputResponses":{"u1":{"action":"accept"}},${own},"requestState":"s"`
  const sent = (era: 'legacy' | 'modern'): string =>
    legacyCodec
      .upward({ era, message: messageOf(call(round)), passedHeaders: [] }, UP)
      .body.toString()
  assert.equal(sent('modern'), call(own))
  assert.equal(sent('legacy'), call(round))
})

test('bytes are not even copied where nothing changes', () => {
  const message = request('tools/call', '{"name":"a"}', '1000000007')
  const { body } = legacyCodec.upward(
    { era: 'legacy', message, passedHeaders: [] },
    { ...UP, ownName: 'a' },
  )
  assert.equal(body, message.body)
})

test('every request goes up under an id of the router’s own, whatever its caller numbers it', () => {
  let next = 0
  const nextId = (): number => (next += 1)
  for (const id of ['1', '1', '"x"', '0'])
    assert.equal(legacyCodec.upstreamIdJson(request('ping', '{}', id), nextId), String(next))
  assert.equal(next, 4)
})

test('headers name version and session as far as the revision knows them', () => {
  const headers = (to: Partial<Upward>): readonly string[] =>
    legacyCodec
      .upward(
        {
          era: 'legacy',
          message: request('ping'),
          passedHeaders: [['traceparent', '00-a-b-01']],
          mirroredHeaders: [],
        },
        { ...UP, ...to },
      )
      .headers.slice(4)
  assert.deepEqual(headers({ sessionId: 's' }), [
    'mcp-protocol-version',
    '2025-11-25',
    'mcp-session-id',
    's',
    'x-ringmain-deadline-ms',
    '900',
    'traceparent',
    '00-a-b-01',
  ])
  assert.deepEqual(headers({ version: '2025-03-26' }), [
    'x-ringmain-deadline-ms',
    '900',
    'traceparent',
    '00-a-b-01',
  ])
})

test('an error is sent over 200 whatever its status was', () => {
  assert.equal(legacyCodec.error('1', '{"code":1}', 404).status, 200)
  assert.equal(
    legacyCodec.result('1', '{}').body.toString(),
    '{"jsonrpc":"2.0","id":1,"result":{}}',
  )
})
