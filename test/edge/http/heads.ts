// What the head of a request says beside its framing: version, target, Host, Origin, headers that count, types, methods.
import { methods, types } from './kinds.ts'
import { LINE, of, type Payload, payload } from './payload.ts'

const versions = (): Payload[] => [
  ...of(
    'versions',
    'ambiguous',
    'HTTP/0.9|HTTP/1.0|HTTP/1.2|HTTP/1.9|HTTP/2.0|HTTP/3.0|http/1.1|HTTP/11|HTTP/1.|HTTP/.1|HTTP|HTTP/1.1.1|HTTP/01.1|HTTPS/1.1|ICE/1.1|HTTP/1,1|HTTP/1.1 |HTTP/1.1\t|HTTP/1.1 x'.split(
      '|',
    ),
    version => ({ line: `POST /mcp ${version}` }),
  ),
  payload('versions', 'ambiguous', 'none', { line: 'POST /mcp' }),
]

const targets = (): Payload[] => [
  ...of(
    'targets',
    'accept',
    ['/mcp', '/mcp?a=b', '/mcp?', '/mcp?a=%20', '/mcp/default'],
    target => ({
      line: `POST ${target} HTTP/1.1`,
    }),
  ),
  ...of(
    'targets',
    'refuse',
    ['/', '/other', '/mcp/none', '/mcp/a/b', '/MCP', '/mcp/', '/mcp/../mcp', '/./mcp', '/mcp;a'],
    target => ({
      line: `POST ${target} HTTP/1.1`,
    }),
  ),
  ...of(
    'targets',
    'ambiguous',
    [
      '//mcp',
      '///mcp',
      '//evil/mcp',
      '/\\mcp',
      '\\mcp',
      'mcp',
      '*',
      '',
      'http://localhost/mcp',
      'http://evil/mcp',
      'HTTP://localhost/mcp',
      'https://localhost/mcp',
      'localhost:80',
      '@evil/mcp',
      '?x',
      '/mcp#a',
      '/mcp\xe9',
      '/m\tcp',
      '/m cp',
      '/mcp\x01',
      '/mcp\x7f',
      '/mcp\0',
      '/%6dcp',
      '/mcp/%64efault',
      '/mcp%00',
      '/%2fmcp',
      '/mcp%',
      '/mcp/%zz',
      '/mcp%2f',
      '/mcp%3fa',
    ],
    target => ({ line: `POST ${target} HTTP/1.1` }),
  ),
  payload('targets', 'ambiguous', 'two spaces', { line: 'POST  /mcp HTTP/1.1' }),
  payload('targets', 'ambiguous', 'a tab between', { line: 'POST\t/mcp HTTP/1.1' }),
]

const hosts = (): Payload[] => [
  ...of(
    'hosts',
    'accept',
    ['localhost', 'LOCALHOST', 'localhost:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:80'],
    host => ({
      host: `Host: ${host}\r\n`,
    }),
  ),
  ...of(
    'hosts',
    'refuse',
    [
      '',
      'evil',
      'evil.test',
      'localhost.',
      'localhost.evil.test',
      'localhost/',
      'localhost/mcp?x=',
      'localhost?x',
      'localhost#x',
      'localhost:',
      'localhost:x',
      'localhost:1:2',
      'localhost:999999',
      'localhost:65536',
      'a@localhost',
      'localhost@evil',
      'http://localhost',
      '127.1',
      '2130706433',
      '0x7f.1',
      '127.0.0.1.nip.io',
      '0.0.0.0',
      '[::]',
      '::1',
      '[::1',
      '[::ffff:127.0.0.1]',
      'local host',
      'localhost,evil',
      '*',
      '[::1%25lo]',
    ],
    host => ({ host: `Host: ${host}\r\n` }),
  ),
  payload('hosts', 'ambiguous', 'with a tab', { host: 'Host: localhost\tevil\r\n' }),
  payload('hosts', 'ambiguous', 'none', { host: '' }),
  payload('hosts', 'ambiguous', 'the same twice', { lines: 'Host: localhost\r\n' }),
  payload('hosts', 'ambiguous', 'another, after', { lines: 'Host: evil\r\n' }),
  payload('hosts', 'ambiguous', 'another, before', { host: 'Host: evil\r\nhost: localhost\r\n' }),
  payload('hosts', 'ambiguous', 'one behind a fold', { host: 'Host: localhost\r\n evil\r\n' }),
  payload('hosts', 'ambiguous', 'one of Latin-1', { host: 'Host: localh\xf6st\r\n' }),
]

const origins = (): Payload[] => [
  ...of(
    'origins',
    'accept',
    ['http://localhost', 'http://localhost:3000', 'https://127.0.0.1', 'http://[::1]:1'],
    origin => ({
      lines: `Origin: ${origin}\r\n`,
    }),
  ),
  ...of(
    'origins',
    'refuse',
    [
      'null',
      '',
      'localhost',
      'http://evil',
      'https://evil.test',
      'http://localhost.evil.test',
      'http://localhost@evil',
      'http://evil/localhost',
      'file://localhost',
      'ftp://localhost',
      'http://localhost,http://evil',
      'http://127.0.0.2',
      'chrome-extension://abc',
      'http://localhost%2eevil.test',
      'http://evil@localhost',
      'http://localhost/evil',
      'http:localhost',
      'http://127.1',
    ],
    origin => ({ lines: `Origin: ${origin}\r\n` }),
  ),
]

const COUNTING =
  'Host|Origin|Authorization|Proxy-Authorization|DPoP|Content-Type|Content-Length|Content-Encoding|Expect|TE|Trailer|MCP-Protocol-Version|Mcp-Method|Mcp-Name|Mcp-Session-Id|Mcp-Param-Region|Idempotency-Key|traceparent|Last-Event-ID'.split(
    '|',
  )

const VALUES: Readonly<Record<string, string>> = {
  Host: 'localhost',
  Origin: 'http://localhost',
  'Content-Type': 'application/json',
  'Content-Encoding': 'identity',
  Expect: '100-continue',
  TE: 'trailers',
  'Mcp-Name': 'echo',
  'Mcp-Method': 'tools/call',
  'MCP-Protocol-Version': '2026-07-28',
}

/** Twice the same, twice in another case and with another value, disguised by an underscore, named by `Connection`, in Latin-1. */
const counting = (): Payload[] =>
  COUNTING.flatMap(name => {
    const value = VALUES[name] ?? '1'
    const ambiguous = (what: string, lines: string): Payload =>
      payload('headers that count', 'ambiguous', `${name}: ${what}`, { lines })
    return [
      ambiguous('twice', `${name}: ${value}\r\n${name}: ${value}\r\n`),
      ambiguous(
        'in two cases',
        `${name.toLowerCase()}: ${value}\r\n${name.toUpperCase()}: other\r\n`,
      ),
      ...(name === 'TE' // which is what it is for
        ? []
        : [ambiguous('named by Connection', `Connection: keep-alive, ${name}\r\n`)]),
      ambiguous('in Latin-1', `${name}: caf\xe9\r\n`),
      ambiguous('with a tab', `${name}: ${value}\t${value}\r\n`),
      ...(name.includes('-')
        ? [ambiguous('with underscores', `${name.replaceAll('-', '_')}: ${value}\r\n`)]
        : []),
    ]
  })

const OFFERED = 'Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'
export const OFFERED_H2 = `${OFFERED}Upgrade: h2c\r\n`

const connections = (): Payload[] => [
  ...of(
    'connections',
    'accept',
    ['keep-alive', 'Keep-Alive', 'x-own', 'keep-alive, x-own'],
    value => ({
      lines: `Connection: ${value}\r\n`,
    }),
  ),
  ...of('connections', 'ambiguous', ['h2c', 'websocket', 'TLS/1.3', 'HTTP/2.0', ''], value => ({
    lines: `Upgrade: ${value}\r\n`,
  })),
  // An offer of HTTP/2, which nobody takes: the request is whole without it (RFC 9110, 7.8).
  payload('connections', 'accept', 'an offer of HTTP/2', { lines: OFFERED_H2 }),
  ...of(
    'connections',
    'ambiguous',
    ['websocket', 'h2c, websocket', 'websocket, h2c', 'h2', 'h2c\r\nUpgrade: websocket'],
    value => ({ lines: `${OFFERED}Upgrade: ${value}\r\n` }),
  ),
  payload('connections', 'ambiguous', 'what travels on named by Connection', {
    lines: 'Connection: keep-alive, tracestate\r\ntracestate: a=b\r\n',
  }),
  payload('connections', 'accept', 'Expect: 100-continue', { lines: 'Expect: 100-continue\r\n' }),
  ...of('connections', 'ambiguous', ['200-ok', '100-continue, x', 'x', ''], value => ({
    lines: `Expect: ${value}\r\n`,
  })),
]

export const heads = (): Payload[] => [
  payload('plain', 'accept', 'a call', { line: LINE }),
  ...versions(),
  ...targets(),
  ...hosts(),
  ...origins(),
  ...counting(),
  ...connections(),
  ...types(),
  ...methods(),
]
