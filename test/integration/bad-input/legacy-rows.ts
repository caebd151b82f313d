// Messages of the legacy revisions that are wrong, and messages of either era that ask for no answer.
import { LEGACY, legacy, modernBody, post, type Row } from './row.ts'

export const legacyRows: Readonly<Record<string, Row>> = {
  'a version header that nobody speaks': {
    request: post(legacy('ping'), { ...LEGACY, 'mcp-protocol-version': '1999-01-01' }),
    status: 400,
    code: -32600,
  },
  'a version header that is no date': {
    request: post(legacy('ping'), { ...LEGACY, 'mcp-protocol-version': '2' }),
    status: 400,
    code: -32600,
  },
  'an unknown session': {
    request: post(legacy('ping'), { ...LEGACY, 'mcp-session-id': 'x' }),
    status: 404,
    code: -32600,
  },
  'an unknown session on a notification': {
    request: post('{"jsonrpc":"2.0","method":"notifications/initialized"}', {
      ...LEGACY,
      'mcp-session-id': 'x',
    }),
    status: 404,
    code: -32600,
  },
  'a method that is not there': {
    request: post(legacy('tools/burn'), LEGACY),
    status: 200,
    code: -32601,
  },
  'server/discover without metadata': {
    request: post(legacy('server/discover'), LEGACY),
    status: 200,
    code: -32601,
  },
  'a call without a name': {
    request: post(legacy('tools/call', { params: {} }), LEGACY),
    status: 200,
    code: -32602,
  },
  'a tool that nobody has': {
    request: post(legacy('tools/call', { params: { name: 'nobody__x' } }), LEGACY),
    status: 200,
    code: -32602,
  },
  'a response to what nobody has asked': {
    request: post('{"jsonrpc":"2.0","id":1,"result":{}}', LEGACY),
    status: 400,
    code: -32600,
  },
}

/** What asks for no answer, and gets none. */
export const acceptedRows: Readonly<Record<string, Row>> = {
  'a modern notification with metadata': {
    request: post(modernBody('notifications/x').replace('"id":1,', '')),
    status: 202,
  },
  'a modern notification without metadata': {
    request: post('{"jsonrpc":"2.0","method":"notifications/cancelled"}'),
    status: 202,
  },
  'a legacy notification': {
    request: post('{"jsonrpc":"2.0","method":"notifications/initialized"}', LEGACY),
    status: 202,
  },
}
