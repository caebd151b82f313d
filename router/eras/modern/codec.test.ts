// The modern codec: headers mirror the body on the way in, and on the way up the bytes stay what they were but for the name.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import type { Message } from '#router/facts.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { messageOf } from '#test/support/read-message.ts'
import { modernCodec } from './codec.ts'

const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
const VERSION = { 'mcp-protocol-version': '2026-07-28' }

const call = (params: string, id = '1'): Message =>
  messageOf(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{${params},${META}}}`)

const decode = (message: Message, headers: IncomingHttpHeaders): string => {
  const verdict = modernCodec.decode(message, { ...VERSION, ...headers })
  return verdict.kind === 'ok' ? verdict.value.list : verdict.refusal.code
}

const up = (
  message: Message,
  ownName?: string,
): { readonly body: string; readonly headers: readonly string[] } => {
  const request = modernCodec.upward(
    {
      era: 'modern',
      message,
      passedHeaders: [
        ['mcp-param-region', 'eu'],
        ['traceparent', '00-a-b-01'],
      ],
    },
    {
      version: '2026-07-28',
      idJson: message.idJson,
      leftMs: 900,
      ...(ownName === undefined ? {} : { ownName }),
    },
  )
  return { body: request.body.toString(), headers: request.headers }
}

const field = (headers: readonly string[], name: string): string | undefined => {
  const at = headers.indexOf(name)
  return at < 0 ? undefined : headers[at + 1]
}

test('a notification is held under a version that there is, whatever it says', () => {
  const versionOf = (stated: string): string => {
    const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":${stated}}`
    const note = messageOf(`{"jsonrpc":"2.0","method":"notifications/x","params":{${meta}}}`)
    const verdict = modernCodec.decode(note, {})
    assert.ok(verdict.kind === 'ok')
    return verdict.value.version
  }
  for (const stated of ['"2026-07-28"', '"2099-01-01"', '7', `"${'9'.repeat(100_000)}"`])
    assert.equal(versionOf(stated), '2026-07-28')
})

test('method and name headers must say what the body says, in its case', () => {
  const message = call('"name":"search"')
  const headers = { 'mcp-method': 'tools/call', 'mcp-name': 'search' }
  assert.equal(decode(message, headers), 'call')
  for (const wrong of [
    { 'mcp-method': undefined },
    { 'mcp-method': 'Tools/Call' },
    { 'mcp-method': 'tools/list' },
    { 'mcp-name': undefined },
    { 'mcp-name': 'Search' },
    { 'mcp-name': '' },
    { 'mcp-name': 'search, search' },
    { 'mcp-name': '=?base64?c2VhcmNo' },
    { 'mcp-name': '=?BASE64?c2VhcmNo?=' },
    { 'mcp-name': '=?base64?c2VhcmN?=' },
  ])
    assert.equal(decode(message, { ...headers, ...wrong }), 'RINGMAIN_HEADER_MISMATCH')
})

test('a name may be encoded, needlessly too, and is compared decoded', () => {
  const headers = { 'mcp-method': 'tools/call', 'mcp-name': '=?base64?c2VhcmNo?=' }
  assert.equal(decode(call('"name":"search"'), headers), 'call')
  assert.equal(decode(call('"name":"s\\u0065arch"'), headers), 'call')
  const literal = { ...headers, 'mcp-name': '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=' }
  assert.equal(decode(call('"name":"=?base64?literal?="'), literal), 'call')
})

test('both sides of a mismatch are told, and a missing header is told as missing', () => {
  const message = call('"name":"search"')
  const verdict = modernCodec.decode(message, { ...VERSION, 'mcp-method': 'x' })
  assert.ok(verdict.kind === 'refuse')
  assert.deepEqual(verdict.refusal.data, { mismatch: { header: 'x', body: 'tools/call' } })
  const missing = modernCodec.decode(message, { ...VERSION, 'mcp-method': 'tools/call' })
  assert.ok(missing.kind === 'refuse')
  assert.deepEqual(missing.refusal.data, { mismatch: { header: null, body: 'search' } })
  assert.match(missing.refusal.says ?? '', /Mcp-Name is missing/)
})

test('a tool call without a name, or with one that is no text, has invalid params', () => {
  const headers = { 'mcp-method': 'tools/call' }
  for (const params of ['"x":1', '"name":null', '"name":5', '"name":["a"]'])
    assert.equal(decode(call(params), headers), 'RINGMAIN_INVALID_PARAMS')
})

test('a method of the other era, an unknown one and one of every object are not implemented', () => {
  for (const method of ['ping', 'initialize', 'tools/Call', 'nope', '__proto__', 'constructor', ''])
    assert.equal(
      decode(
        messageOf(`{"jsonrpc":"2.0","id":1,"method":${JSON.stringify(method)},"params":{${META}}}`),
        { 'mcp-method': method },
      ),
      'RINGMAIN_UNKNOWN_METHOD',
      method,
    )
})

test('what goes up is what came in, byte for byte', t => {
  fc.assert(
    fc.property(jsonValue(3), fc.string(), fc.integer(), (value, id, ink) => {
      const params = { name: 'search', arguments: value, _meta: { x: value }, odd: value }
      const json = spelt({ jsonrpc: '2.0', id, method: 'tools/call', params }, seededRandom(ink))
      assert.equal(up(messageOf(json), 'search').body, json)
      assert.equal(up(messageOf(json)).body, json)
    }),
    runOf(t, 200),
  )
})

test('a renamed tool changes its own span and nothing else', t => {
  fc.assert(
    fc.property(jsonValue(3), fc.string({ unit: 'grapheme' }), fc.integer(), (value, name, ink) => {
      const params = { before: value, name: `crm__${name}`, arguments: { name: 'crm__x', value } }
      const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
      const { body } = up(messageOf(spelt(message, seededRandom(ink))), name)
      const expected = { ...message, params: { ...params, name } }
      assert.deepEqual(JSON.parse(body), JSON.parse(JSON.stringify(expected)))
    }),
    runOf(t, 200),
  )
})

test('numbers that JavaScript cannot hold, odd spellings, unknown fields and white space arrive as sent', () => {
  const args =
    '"arguments" : {"big":9007199254740991,"hundred":1e2,"t":1.10,"z":-0.0,"\\u0061":"\\/"},  "x-new":[ ]'
  const { body } = up(call(`"name":"crm__find", ${args}`), 'find')
  assert.equal(
    body,
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find", ${args},${META}}}`,
  )
})

test('the id goes up as it was written', () => {
  for (const id of ['0', '"x"', '1e2', '""', '"\\u4e16"', '9007199254740991']) {
    const message = call('"name":"a"', id)
    assert.equal(
      modernCodec.upstreamIdJson(message, () => 5),
      id,
    )
    assert.match(up(message).body, new RegExp(`"id":${id.replaceAll('\\', '\\\\')},`))
  }
})

test('headers are made anew for the upstream hop, and only what travels on is added', () => {
  const { headers } = up(call('"name":"crm__世界"'), '世界')
  assert.deepEqual(headers, [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    'mcp-protocol-version',
    '2026-07-28',
    'mcp-method',
    'tools/call',
    'x-ringmain-deadline-ms',
    '900',
    'mcp-name',
    '=?base64?5LiW55WM?=',
    'mcp-param-region',
    'eu',
    'traceparent',
    '00-a-b-01',
  ])
  assert.equal(field(up(call('"name":"a b "'), 'a b ').headers, 'mcp-name'), '=?base64?YSBiIA==?=')
  assert.equal(field(up(call('"name":"x"')).headers, 'mcp-name'), undefined)
})

test('results and errors of the router’s own are put around as JSON', () => {
  const result = modernCodec.result('"a"', '{"b":1}')
  assert.equal(result.body.toString(), '{"jsonrpc":"2.0","id":"a","result":{"b":1}}')
  const error = modernCodec.error('7', '{"code":1}', 404)
  assert.deepEqual([error.status, error.body], [404, '{"jsonrpc":"2.0","id":7,"error":{"code":1}}'])
})

const requestOf = (method: string, params: string): Message =>
  messageOf(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params},${META}}}`)

test('each method is held against what mirrors it, and says what it must say', () => {
  for (const [method, params, name] of [
    ['prompts/get', '"name":"sum"', 'sum'],
    ['resources/read', '"uri":"file:///a"', 'file:///a'],
    ['tasks/get', '"taskId":"t"', 't'],
    ['tasks/update', '"taskId":"t","inputResponses":{}', 't'],
    ['tasks/cancel', '"taskId":"t"', 't'],
  ] as const) {
    const message = requestOf(method, params)
    const headers = { 'mcp-method': method, 'mcp-name': name }
    assert.equal(decode(message, headers), 'call', method)
    assert.equal(decode(message, { ...headers, 'mcp-name': 'x' }), 'RINGMAIN_HEADER_MISMATCH')
    assert.equal(decode(message, { 'mcp-method': method }), 'RINGMAIN_HEADER_MISMATCH')
    assert.equal(decode(requestOf(method, '"x":1'), headers), 'RINGMAIN_INVALID_PARAMS')
  }
  const ref = '"ref":{"type":"ref/prompt","name":"sum"}'
  const headers = { 'mcp-method': 'completion/complete' }
  assert.equal(decode(requestOf('completion/complete', ref), headers), 'call')
  assert.equal(
    decode(requestOf('completion/complete', '"ref":{}'), headers),
    'RINGMAIN_INVALID_PARAMS',
  )
})

test('whatever a request is about, its owner is told by its own name, and nothing else changes', () => {
  for (const [method, before, after, own, isMirrored] of [
    ['prompts/get', '"name" : "crm__sum"', '"name" : "sum"', 'sum', true],
    ['resources/read', '"uri":"crm\\u002bfile:\\/\\/a"', '"uri":"file://a"', 'file://a', true],
    ['tasks/get', '"x":{"taskId":"s"},"taskId":"s"', '"x":{"taskId":"s"},"taskId":"t"', 't', true],
    [
      'completion/complete',
      '"argument":{"name":"a","value":"b"},"ref":{"uri":"crm+x:{y}","type":"ref/resource"}',
      '"argument":{"name":"a","value":"b"},"ref":{"uri":"x:{y}","type":"ref/resource"}',
      'x:{y}',
      false,
    ],
  ] as const) {
    const { body, headers } = up(requestOf(method, before), own)
    assert.equal(body, requestOf(method, after).body.toString())
    assert.equal(field(headers, 'mcp-name'), isMirrored ? own : undefined)
  }
})
