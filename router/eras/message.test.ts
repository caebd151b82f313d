// What may enter as one JSON-RPC message, what may not, and what is told of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Message } from '#router/facts.ts'
import { runOf } from '#test/support/properties.ts'
import { messageFrom, testGuard } from '#test/support/read-message.ts'
import { misreadBeginning } from './message.ts'

const read = (body: string | Buffer): Message => {
  const message = messageFrom(body)
  assert.ok(message.kind === 'ok', JSON.stringify(message, ['refusal', 'code', 'says']))
  return message.value
}

const refused = (body: string | Buffer): { readonly code: string; readonly idJson?: string } => {
  const message = messageFrom(body)
  assert.equal(message.kind, 'refuse', `taken: ${body.toString().slice(0, 80)}`)
  const { idJson } = message
  return { code: message.refusal.code, ...(idJson === undefined ? {} : { idJson }) }
}

const says = (body: string): string => {
  const message = messageFrom(body)
  return (message.kind === 'refuse' && message.refusal.says) || ''
}

const withId = (id: string): string => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`
const withParams = (params: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`

test('a request tells its method, id, params and _meta, and where what may be replaced lies', () => {
  const body =
    '{"jsonrpc":"2.0", "id" : 7 ,"method":"tools/call","params":{"name":"a","_meta":{"k":1}}}'
  const message = read(body)
  assert.equal(message.kind, 'request')
  assert.equal(message.method, 'tools/call')
  assert.equal(message.idJson, '7')
  assert.deepEqual(message.params, { name: 'a', _meta: { k: 1 } })
  assert.deepEqual(message.meta, { k: 1 })
  const at = (span: { start: number; end: number } | undefined): string =>
    span === undefined ? 'none' : body.slice(span.start, span.end)
  assert.equal(at(message.spans.id), '7')
  assert.equal(at(message.spans.name), '"a"')
  assert.equal(at(message.spans.params), '{"name":"a","_meta":{"k":1}}')
})

test('a message without an id is a notification, one without a method a response', () => {
  assert.equal(read('{"jsonrpc":"2.0","method":"notifications/x"}').kind, 'notification')
  assert.equal(read('{"jsonrpc":"2.0","id":1,"result":{}}').kind, 'response')
  assert.equal(read('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}').kind, 'response')
})

test('a message is a request or a response, never both, and a response has a result or an error', () => {
  const [result, error] = ['"result":{}', '"error":{"code":1,"message":""}']
  for (const rest of [
    `"method":"tools/call","params":{"name":"a"},${result}`,
    `"method":"tools/call","params":{"name":"a"},${error}`,
    '"method":"tools/call","params":{"name":"a"},"result":null',
    '"resul\\u0074":{},"method":"tools/call","params":{"name":"a"}',
    `${result},${error}`,
  ])
    assert.deepEqual(
      refused(`{"jsonrpc":"2.0","id":1,${rest}}`),
      { code: 'RINGMAIN_INVALID_REQUEST', idJson: '1' },
      rest,
    )
  assert.deepEqual(refused(`{"jsonrpc":"2.0","method":"notifications/x",${result}}`), {
    code: 'RINGMAIN_INVALID_REQUEST',
  })
})

test('what is not JSON in UTF-8 is malformed', () => {
  for (const body of [
    '',
    ' ',
    '{',
    '{"id":1}{',
    "{'id':1}",
    '{"id":01}',
    '{"id":1,}',
    'undefined',
    '\uFEFF{"jsonrpc":"2.0","id":1,"method":"ping"}',
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.from([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    Buffer.from('{"id":"\xe9"}', 'latin1'),
    Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  ])
    assert.deepEqual(refused(body), { code: 'RINGMAIN_MALFORMED_JSON' }, body.toString())
})

test('an array is a batch, and is refused in words of its own', () => {
  assert.deepEqual(refused('[]'), { code: 'RINGMAIN_BATCH_REFUSED' })
  assert.deepEqual(refused(`[${withId('1')}]`), { code: 'RINGMAIN_BATCH_REFUSED' })
})

test('JSON that is no JSON-RPC 2.0 message is invalid, and keeps its id when that can be told', () => {
  for (const body of ['null', '1', '"a"', 'true'])
    assert.deepEqual(refused(body), { code: 'RINGMAIN_INVALID_REQUEST' })
  for (const rest of [
    '"method":"ping"',
    '"jsonrpc":2,"method":"ping"',
    '"jsonrpc":"1.0","method":"ping"',
    '"jsonrpc":"2.0"',
    '"jsonrpc":"2.0","method":5',
    '"jsonrpc":"2.0","method":null',
    '"jsonrpc":"2.0","method":"m","params":[]',
    '"jsonrpc":"2.0","method":"m","params":null',
    '"jsonrpc":"2.0","method":"m","params":"a"',
    '"jsonrpc":"2.0","method":"m","params":{"_meta":[]}',
    '"jsonrpc":"2.0","method":"m","params":{"_meta":null}',
  ])
    assert.deepEqual(
      refused(`{"id":"é",${rest}}`),
      { code: 'RINGMAIN_INVALID_REQUEST', idJson: '"é"' },
      rest,
    )
})

test('an id is a string or a number, kept as it was written', () => {
  for (const id of ['0', '-1', '1e2', '1.0', '""', '"a b"', '"\\u00e9"', '9007199254740991'])
    assert.equal(read(withId(id)).idJson, id)
})

test('no other id is taken', () => {
  const rounded = ['9007199254740990.6', '1.00000000000000001', '1e-400', '41.99999999999999999']
  const others = ['null', 'true', '{}', '[]', '[1]', '1.5', '9007199254740992', '{"id":1}']
  for (const id of [...others, ...rounded])
    assert.deepEqual(refused(withId(id)), { code: 'RINGMAIN_INVALID_REQUEST' }, id)
})

test('an id is bounded in bytes, not in letters', () => {
  assert.equal(read(withId(`"${'x'.repeat(126)}"`)).idJson.length, 128)
  assert.deepEqual(refused(withId(`"${'x'.repeat(127)}"`)), { code: 'RINGMAIN_INVALID_REQUEST' })
  assert.deepEqual(refused(withId(`"${'世'.repeat(43)}"`)), { code: 'RINGMAIN_INVALID_REQUEST' })
  assert.match(says(withId(`"${'x'.repeat(2_000)}"`)), /longer than 128 bytes/)
})

test('what two parsers could read differently is refused, and so is what is over a limit', () => {
  for (const body of [
    '{"jsonrpc":"2.0","id":1,"\\u0069d":2,"method":"ping"}',
    withParams('{"name":"a","arguments":{"x":{"y":1,"y":2}}}'),
    withParams('{"name":"a","Name":"b"}'),
    withParams('{"name":"a","arguments":{"__proto__":{}}}'),
    '{"jsonrpc":"2.0","id":1,"method":"ping","x":1}',
  ])
    assert.deepEqual(refused(body), { code: 'RINGMAIN_AMBIGUOUS_JSON' }, body)
  const deep = withParams(`{"arguments":${'['.repeat(100)}${']'.repeat(100)}}`)
  assert.deepEqual(refused(deep), { code: 'RINGMAIN_EXCESSIVE_JSON' })
  assert.match(says(deep), /^At byte \d+, in \/params\/arguments\/0\/0.*deeper than 64 levels\.$/)
})

test('the names in arguments are the tool’s own', () => {
  const args = { Name: 1, name: 2, NAME: 3, jsonRPC: 4, 'na me': 5 }
  const { params } = read(withParams(JSON.stringify({ name: 'a', arguments: args })))
  assert.deepEqual(params['arguments'], args)
})

test('an escaped spelling of a known key is that key, with its place', () => {
  const body = withParams('{"n\\u0061me":"a"}')
  const message = read(body)
  const { start = 0, end = 0 } = message.spans.name ?? {}
  assert.equal(body.slice(start, end), '"a"')
})

test('only the name in params has a place; one deeper or higher has none', () => {
  assert.equal(read(withParams('{"arguments":{"name":"x"}}')).spans.name, undefined)
  assert.equal(read(withParams('{"_meta":{"name":"x"}}')).spans.name, undefined)
})

test('whatever comes is taken or refused, and nothing is thrown', t => {
  const parts = fc.constantFrom(
    '{',
    '}',
    '[',
    '"',
    ':',
    ',',
    '\\',
    '"id"',
    '"params"',
    '"_meta"',
    '"method":"a"',
    '"jsonrpc":"2.0"',
    '1',
    'é',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(parts), fc.uint8Array(), (texts, bytes) => {
      messageFrom(texts.join(''))
      messageFrom(Buffer.from(bytes))
    }),
    runOf(t, 1_000),
  )
})

test('the body is kept as the same bytes', () => {
  const body = Buffer.from(withId('1'))
  const message = messageFrom(body)
  assert.equal(message.kind === 'ok' && message.value.body, body)
})

const guard = testGuard()
const beginning = (text: string | Buffer): string | undefined =>
  misreadBeginning(Buffer.from(text), guard)?.code

test('of a body that is still coming, what is wrong already is known, and what may still be right is not called wrong', () => {
  for (const [text, code] of [
    ['[{"jsonrpc"', 'RINGMAIN_BATCH_REFUSED'],
    [withParams('['.repeat(70)).slice(0, -1), 'RINGMAIN_EXCESSIVE_JSON'],
    ['{"id":1,"ID":', 'RINGMAIN_AMBIGUOUS_JSON'],
    ['{"id" 1', 'RINGMAIN_MALFORMED_JSON'],
    ['{"id":xyz  ', 'RINGMAIN_MALFORMED_JSON'],
    ['{"id":"\n', 'RINGMAIN_MALFORMED_JSON'],
  ] as const)
    assert.equal(beginning(text), code, text)
  const whole = withParams('{"name":"\\ud83d\\ude00é\\n","arguments":{"a":[-1.5e-3, true, null]}}')
  for (let end = 0; end <= Buffer.byteLength(whole); end += 1)
    assert.equal(beginning(Buffer.from(whole).subarray(0, end)), undefined, whole.slice(0, end))
})

test('whatever is refused at its beginning is refused as a whole', t => {
  const pieces = fc.array(
    fc.constantFrom(
      ...'{ } [ ] , : " "a" "b" "é" "\\ud83d\\ude00" \\ud8 \\n 0 -1 .5 1e5 1e400 tru true null \n x'.split(
        ' ',
      ),
    ),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(pieces, pieces, fc.boolean(), (first, rest, isInside) => {
      const text = (isInside ? '{"params":{"a":' : '') + first.join('')
      if (beginning(text) === undefined) return
      assert.equal(messageFrom(text + rest.join('')).kind, 'refuse')
    }),
    runOf(t, 2_000),
  )
})
