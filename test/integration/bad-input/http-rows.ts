// What is wrong before the body is looked at: method, path, Host, Origin, media types, size.
import { CALL, CALL_BODY, MAX_BODY, post, type Row, without } from './row.ts'

export const httpRows: Readonly<Record<string, Row>> = {
  GET: {
    request: { method: 'GET', headers: { accept: 'text/event-stream' } },
    status: 405,
    code: -32600,
    headers: { allow: 'POST, DELETE' },
  },
  'GET of an unknown session': {
    request: { method: 'GET', headers: { 'mcp-session-id': 'x' } },
    status: 404,
    code: -32600,
  },
  PUT: { request: { method: 'PUT', headers: CALL, body: CALL_BODY }, status: 405, code: -32600 },
  OPTIONS: { request: { method: 'OPTIONS' }, status: 405, code: -32600 },
  'DELETE without a session': { request: { method: 'DELETE' }, status: 405, code: -32600 },
  'DELETE of an unknown session': {
    request: { method: 'DELETE', headers: { 'mcp-session-id': 'x' } },
    status: 404,
    code: -32600,
  },
  'a path that is not served': { path: '/', request: post(CALL_BODY), status: 404, code: -32600 },
  'a virtual server that is not': {
    path: '/mcp/nobody',
    request: post(CALL_BODY),
    status: 404,
    code: -31950,
  },
  'a virtual server named like a member of every object': {
    path: '/mcp/constructor',
    request: post(CALL_BODY),
    status: 404,
    code: -31950,
  },
  'a foreign Host': {
    request: post(CALL_BODY, { ...CALL, host: 'evil.example' }),
    status: 403,
    code: -32600,
  },
  'a Host that begins like ours': {
    request: post(CALL_BODY, { ...CALL, host: 'localhost.evil.example' }),
    status: 403,
    code: -32600,
  },
  'a foreign Origin': {
    request: post(CALL_BODY, { ...CALL, origin: 'https://evil.example' }),
    status: 403,
    code: -32600,
  },
  'the Origin null': {
    request: post(CALL_BODY, { ...CALL, origin: 'null' }),
    status: 403,
    code: -32600,
  },
  'no content type': {
    request: post(CALL_BODY, without('content-type')),
    status: 415,
    code: -32600,
  },
  'a form': {
    request: post('a=b', { ...CALL, 'content-type': 'application/x-www-form-urlencoded' }),
    status: 415,
    code: -32600,
  },
  'a type that only begins like JSON': {
    request: post(CALL_BODY, { ...CALL, 'content-type': 'application/json-seq' }),
    status: 415,
    code: -32600,
  },
  'an Accept that we cannot serve': {
    request: post(CALL_BODY, { ...CALL, accept: 'text/html' }),
    status: 406,
    code: -32600,
  },
  'a body over the limit': { request: post('x'.repeat(MAX_BODY + 1)), status: 413, code: -31960 },
}
