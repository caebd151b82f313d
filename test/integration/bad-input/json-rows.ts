// Bodies that are no JSON, no JSON-RPC message, or that two parsers would read in two ways.
import { CALL_BODY, LEGACY, legacy, NAME, post, type Row } from './row.ts'

export const jsonRows: Readonly<Record<string, Row>> = {
  'no body': { request: post(''), status: 400, code: -32700 },
  'half a body': { request: post('{"jsonrpc":"2.0"'), status: 400, code: -32700 },
  'two bodies': { request: post(`${CALL_BODY}${CALL_BODY}`), status: 400, code: -32700 },
  'a byte order mark': { request: post(`\uFEFF${CALL_BODY}`), status: 400, code: -32700 },
  'broken UTF-8': {
    request: post(
      Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    ),
    status: 400,
    code: -32700,
  },
  'a single quote': { request: post("{'jsonrpc':'2.0'}"), status: 400, code: -32700 },
  NaN: { request: post('{"jsonrpc":"2.0","id":NaN,"method":"ping"}'), status: 400, code: -32700 },
  'deep nesting': {
    request: post(`${'['.repeat(2_000)}${']'.repeat(2_000)}`),
    status: 400,
    code: -32600,
  },
  'an empty batch': { request: post('[]'), status: 400, code: -32600 },
  'a batch of one': { request: post(`[${CALL_BODY}]`), status: 400, code: -32600 },
  'a batch of an old revision': {
    request: post(`[${legacy('ping')}]`, { ...LEGACY, 'mcp-protocol-version': '2025-03-26' }),
    status: 400,
    code: -32600,
  },
  text: { request: post('"tools/call"'), status: 400, code: -32600 },
  null: { request: post('null'), status: 400, code: -32600 },
  'no jsonrpc': {
    request: post(CALL_BODY.replace('"jsonrpc":"2.0",', '')),
    status: 400,
    code: -32600,
  },
  'another jsonrpc': {
    request: post(CALL_BODY.replace('"2.0"', '"1.0"')),
    status: 400,
    code: -32600,
  },
  'jsonrpc as a number': {
    request: post(CALL_BODY.replace('"2.0"', '2.0')),
    status: 400,
    code: -32600,
  },
  'an id of null': {
    request: post(CALL_BODY.replace('"id":1', '"id":null')),
    status: 400,
    code: -32600,
  },
  'an id that is an object': {
    request: post(CALL_BODY.replace('"id":1', '"id":{}')),
    status: 400,
    code: -32600,
  },
  'an id that is true': {
    request: post(CALL_BODY.replace('"id":1', '"id":true')),
    status: 400,
    code: -32600,
  },
  'an id of two kilobytes': {
    request: post(CALL_BODY.replace('"id":1', `"id":"${'x'.repeat(2_048)}"`)),
    status: 400,
    code: -32600,
  },
  'no method': { request: post('{"jsonrpc":"2.0","id":1}'), status: 400, code: -32600 },
  'a method that is a number': {
    request: post('{"jsonrpc":"2.0","id":1,"method":7}'),
    status: 400,
    code: -32600,
  },
  'params that are a list': {
    request: post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}'),
    status: 400,
    code: -32600,
  },
  '_meta that is a list': {
    request: post('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":[]}}'),
    status: 400,
    code: -32600,
  },
  'a method twice': {
    request: post(CALL_BODY.replace('"id":1', '"id":1,"method":"tools/list"')),
    status: 400,
    code: -32600,
  },
  'a name twice': {
    request: post(CALL_BODY.replace(`"name":"${NAME}"`, `"name":"tools__fail","name":"${NAME}"`)),
    status: 400,
    code: -32600,
  },
  'a name twice, once in disguise': {
    request: post(
      CALL_BODY.replace(`"name":"${NAME}"`, `"n\\u0061me":"tools__fail","name":"${NAME}"`),
    ),
    status: 400,
    code: -32600,
  },
  'a version twice': {
    request: post(
      CALL_BODY.replace(
        '"_meta":{',
        '"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-11-25",',
      ),
    ),
    status: 400,
    code: -32600,
  },
}
