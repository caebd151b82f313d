// Messages of 2026-07-28 whose metadata, headers or methods are wrong.
import {
  LEGACY_VERSION,
  MODERN_META,
  MODERN_VERSION,
  modernHeaders,
} from '#test/support/raw-http.ts'
import {
  CALL,
  CALL_BODY,
  legacy,
  modernBody,
  NAME,
  NO_CAPABILITIES,
  post,
  type Row,
  without,
} from './row.ts'

const mismatch = { status: 400, code: -32020 } as const

export const modernRows: Readonly<Record<string, Row>> = {
  'no version header': { request: post(CALL_BODY, without('mcp-protocol-version')), ...mismatch },
  'a legacy version header on a modern body': {
    request: post(CALL_BODY, { ...CALL, 'mcp-protocol-version': LEGACY_VERSION }),
    ...mismatch,
  },
  'a later version header on a modern body': {
    request: post(CALL_BODY, { ...CALL, 'mcp-protocol-version': '2099-01-01' }),
    ...mismatch,
  },
  'a version that nobody speaks': {
    request: post(
      modernBody(
        'tools/call',
        { name: NAME },
        { ...MODERN_META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' },
      ),
      { ...CALL, 'mcp-protocol-version': '2099-01-01' },
    ),
    status: 400,
    code: -32022,
    data: { supported: [MODERN_VERSION], requested: '2099-01-01' },
  },
  'a modern header and no _meta': {
    request: post(legacy('tools/call', { params: { name: NAME } })),
    status: 400,
    code: -32602,
  },
  'a modern header and no params': {
    request: post(legacy('tools/list'), modernHeaders('tools/list')),
    status: 400,
    code: -32602,
  },
  'a version that is a number': {
    request: post(
      modernBody(
        'tools/call',
        { name: NAME },
        { ...MODERN_META, 'io.modelcontextprotocol/protocolVersion': 20260728 },
      ),
    ),
    status: 400,
    code: -32602,
  },
  'no client capabilities': {
    request: post(modernBody('tools/call', { name: NAME }, NO_CAPABILITIES)),
    status: 400,
    code: -32602,
  },
  'client capabilities that are a list': {
    request: post(
      modernBody(
        'tools/call',
        { name: NAME },
        { ...NO_CAPABILITIES, 'io.modelcontextprotocol/clientCapabilities': [] },
      ),
    ),
    status: 400,
    code: -32602,
  },
  'no Mcp-Method': { request: post(CALL_BODY, without('mcp-method')), ...mismatch },
  'another Mcp-Method': {
    request: post(CALL_BODY, { ...CALL, 'mcp-method': 'tools/list' }),
    ...mismatch,
  },
  'an Mcp-Method in capitals': {
    request: post(CALL_BODY, { ...CALL, 'mcp-method': 'TOOLS/CALL' }),
    ...mismatch,
  },
  'no Mcp-Name': { request: post(CALL_BODY, without('mcp-name')), ...mismatch },
  'another Mcp-Name': {
    request: post(CALL_BODY, { ...CALL, 'mcp-name': 'tools__fail' }),
    ...mismatch,
  },
  'an Mcp-Name in capitals': {
    request: post(CALL_BODY, { ...CALL, 'mcp-name': NAME.toUpperCase() }),
    ...mismatch,
  },
  'an Mcp-Name with bad base64 between its marks': {
    request: post(CALL_BODY, { ...CALL, 'mcp-name': '=?base64?!!!!?=' }),
    ...mismatch,
  },
  'an Mcp-Name that encodes another': {
    request: post(CALL_BODY, {
      ...CALL,
      'mcp-name': `=?base64?${Buffer.from('tools__fail').toString('base64')}?=`,
    }),
    ...mismatch,
  },
  'an Mcp-Name whose marks are in capitals': {
    request: post(CALL_BODY, {
      ...CALL,
      'mcp-name': `=?BASE64?${Buffer.from(NAME).toString('base64')}?=`,
    }),
    ...mismatch,
  },
  'an unknown method': {
    request: post(modernBody('tools/burn'), modernHeaders('tools/burn')),
    status: 404,
    code: -32601,
  },
  'a method named like a member of every object': {
    request: post(modernBody('toString'), modernHeaders('toString')),
    status: 404,
    code: -32601,
  },
  'ping, which this era has not': {
    request: post(modernBody('ping'), modernHeaders('ping')),
    status: 404,
    code: -32601,
  },
  'initialize with modern metadata': {
    request: post(modernBody('initialize'), modernHeaders('initialize')),
    status: 404,
    code: -32601,
  },
  'a response': {
    request: post('{"jsonrpc":"2.0","id":1,"result":{}}'),
    status: 400,
    code: -32600,
  },
  'a tool name that is a number': {
    request: post(modernBody('tools/call', { name: 7 })),
    status: 200,
    code: -32602,
  },
  'a tool that is not there': {
    request: post(
      modernBody('tools/call', { name: 'nobody__x' }),
      modernHeaders('tools/call', 'nobody__x'),
    ),
    status: 200,
    code: -32602,
  },
}
