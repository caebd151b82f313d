// What a request is: its content type and coding, its method.
import { chunked, of, type Payload, payload } from './payload.ts'

export const types = (): Payload[] => [
  ...of(
    'types',
    'accept',
    [
      'application/json',
      'APPLICATION/JSON',
      'application/json; charset=utf-8',
      'application/json;charset="UTF-8"',
    ],
    type => ({
      type: `Content-Type: ${type}\r\n`,
    }),
  ),
  ...of(
    'types',
    'refuse',
    [
      'text/plain',
      'text/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
      'application/json-seq',
      'application/ld+json',
      'json',
      '',
      '*/*',
      'text/plain; application/json',
      'application/xml',
      'application/json; charset=utf-16',
      'application/json; charset=utf-8; charset=utf-7',
    ],
    type => ({
      type: `Content-Type: ${type}\r\n`,
    }),
  ),
  payload('types', 'refuse', 'none', { type: '' }),
  ...of(
    'encodings',
    'ambiguous',
    ['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip', 'x-gzip', 'identity, gzip', ''],
    coding => ({
      lines: `Content-Encoding: ${coding}\r\n`,
    }),
  ),
  payload('encodings', 'accept', 'identity', { lines: 'Content-Encoding: identity\r\n' }),
]

export const methods = (): Payload[] => [
  ...of('methods', 'refuse', ['PUT', 'PATCH', 'QUERY'], method => ({
    line: `${method} /mcp HTTP/1.1`,
  })),
  ...of(
    'methods',
    'ambiguous',
    [
      'GET',
      'DELETE',
      'OPTIONS',
      'HEAD',
      'TRACE',
      'CONNECT',
      'post',
      'Post',
      'POST\xe9',
      'PRI',
      'FOO',
      'P OST',
      '',
      'PROPFIND',
    ],
    method => ({ line: `${method} /mcp HTTP/1.1` }),
  ),
  ...of('methods', 'ambiguous', ['GET', 'DELETE'], method => ({
    line: `${method} /mcp HTTP/1.1`,
    framed: body => `Transfer-Encoding: chunked\r\n\r\n${chunked(body)}`,
  })),
]
