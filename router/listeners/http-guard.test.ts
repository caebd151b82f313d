// What the guard of request heads takes and refuses. How a whole router behaves around it is tested on sockets.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardHead } from './http-guard.ts'
import { type RequestHead, requestHeadOf } from './request-head.ts'

/** The head of a call with these lines beside its own; a length is among its own where they give none. */
const head = (lines: readonly string[] = [], more: Partial<RequestHead> = {}): RequestHead => {
  const own = ['Host: localhost', 'Content-Type: application/json']
  if (!lines.some(line => /^(?:content-length|transfer-encoding):/i.test(line)))
    own.push('Content-Length: 0')
  const text = ['POST /mcp HTTP/1.1', ...own, ...lines, '', ''].join('\r\n')
  return { ...requestHeadOf(text), ...more }
}

const said = (lines: readonly string[], more?: Partial<RequestHead>): string | undefined => {
  const problem = guardHead(head(lines, more))
  return problem && `${problem.code} ${problem.says}`
}

test('what clients and proxies send is taken', () => {
  for (const lines of [
    [],
    ['Mcp-Name: search', 'Mcp-Method: tools/call', 'Content-Length: 2', 'Connection: keep-alive'],
    ['Transfer-Encoding: Chunked', 'Connection: close'],
    [
      'Accept: a',
      'Accept: b',
      'Cookie: a=1',
      'cookie: b=2',
      'X-Forwarded-For: 1',
      'x-forwarded-for: 2',
    ],
    ['x_own: 1', 'User-Agent: Zoë', 'Content-Encoding: identity', 'Connection: TE, close'],
    ['__proto__: 1', 'constructor: 2'],
    ['Mcp-Param-user_id: 1', 'Mcp-Param-user-name: 2', 'mcp-param-a_b_c: 3'],
  ])
    assert.equal(said(lines), undefined, lines.join())
  for (const url of ['/', '/mcp', '/mcp/sales?x=1&y=%20', '/a//b'])
    assert.equal(said([], { url }), undefined, url)
})

test('only HTTP/1.1 is taken', () => {
  for (const httpVersion of ['0.9', '1.0', '1.2', '2.0'])
    assert.match(
      said([], { httpVersion }) ?? '',
      /^RINGMAIN_HTTP_VERSION_REFUSED .*HTTP\/[0-9.]+\./,
    )
})

test('a target that is not one plain path is refused', () => {
  for (const url of [
    '',
    '*',
    'http://localhost/mcp',
    'localhost:443',
    '//evil/mcp',
    '/\\evil',
    '/mcp#x',
    '/mcp\u00e9',
    '/m cp',
    '/mcp/%73ecret',
    '/mcp/%',
    '/mcp%3fx',
  ])
    assert.match(said([], { url }) ?? '', /^RINGMAIN_AMBIGUOUS_REQUEST .*target/, url)
})

test('a header that counts is refused when it comes twice, disguised, or in other than ASCII', () => {
  for (const lines of [
    ['Host: evil'],
    ['Authorization: a', 'authorization: b'],
    ['Mcp-Name: a', 'mcp-name: a'],
    ['Mcp-Param-X: a', 'MCP-PARAM-X: b'],
    ['Mcp_Name: a'],
    ['content_length: 5'],
    ['Mcp-Param-user_id: 1', 'Mcp-Param-user-id: 1'],
    ['Mcp-Param-user-id: 1', 'Mcp-Param-user_id: 1'],
    ['Mcp-Param-a_b-c: 1', 'Mcp-Param-a-b_c: 2'],
    ['Mcp_Param-x: 1'],
    ['Mcp-Param_x: 1'],
    ['Mcp-Name: caf\u00e9'],
    ['Origin: a', 'Origin: a'],
    ['Connection: mcp-name'],
    ['Connection: keep-alive, Authorization'],
    ['Connection: host'],
    ['Connection: keep-alive, TraceState'],
    ['Mcp-Name: a\tb'],
    ['Mcp-Param-x: a\tb'],
  ])
    assert.match(said(lines) ?? '', /^RINGMAIN_AMBIGUOUS_REQUEST /, lines.join())
})

test('a body that says it is in another encoding than UTF-8, or in two, is refused', () => {
  const typed = (type: string): string | undefined => {
    const headers = { host: 'localhost', 'content-type': type, 'content-length': '2' }
    return guardHead(head([], { headers }))?.code
  }
  for (const type of [
    'application/json',
    'application/json;charset=utf-8',
    'Application/JSON; Charset="UTF-8"',
    'application/json; charset=utf8; profile=x',
    'application/json; profile="charset"',
    'application/json;',
  ])
    assert.equal(typed(type), undefined, type)
  for (const type of [
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; charset="utf-7"',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-8',
    'application/json; charset=',
    'application/json; charset',
    'application/json; charset =utf-16',
    'application/json; charset="utf-8',
    'application/json; x="a;charset=utf-16"',
  ])
    assert.equal(typed(type), 'RINGMAIN_UNSUPPORTED_MEDIA_TYPE', type)
})

test('a request without a host is refused, and one that expects what nobody knows', () => {
  assert.match(said([], { headers: { 'content-length': '0' } }) ?? '', /no Host/)
  for (const expected of ['100-Continue', '100-continue'])
    assert.equal(said([`Expect: ${expected}`]), undefined)
  for (const expected of ['', '200-ok', '100-continue, x', '100 continue'])
    assert.match(said([`Expect: ${expected}`]) ?? '', /100-continue/, expected)
})

test('more headers than are counted on are refused', () => {
  const lines = (count: number): string[] => Array.from({ length: count }, (_, n) => `X-${n}: 1`)
  assert.equal(said(lines(97)), undefined) // three are there already
  assert.match(said(lines(98)) ?? '', /^RINGMAIN_TOO_MANY_HEADERS /)
})

test('a body whose end could be seen elsewhere is refused, and one that would have to be unpacked', () => {
  for (const coding of ['gzip, chunked', 'identity', 'chunked, chunked', 'xchunked', ' '])
    assert.match(said([`Transfer-Encoding: ${coding}`]) ?? '', /coding/, coding)
  for (const coding of ['gzip', 'br', 'gzip, gzip'])
    assert.match(said([`Content-Encoding: ${coding}`]) ?? '', /^RINGMAIN_UNSUPPORTED_MEDIA_TYPE /)
  for (const method of ['GET', 'DELETE', 'OPTIONS']) {
    assert.match(said(['Content-Length: 1'], { method }) ?? '', /has no body/)
    assert.match(said(['Transfer-Encoding: chunked'], { method }) ?? '', /has no body/)
    assert.equal(said(['Content-Length: 0'], { method }), undefined)
  }
  for (const length of ['', '-1', '+1', '0x5', '1.0', '1e2', '1, 1', '1 0', '9'.repeat(16)])
    assert.match(said([`Content-Length: ${length}`]) ?? '', /number of bytes/, length)
  assert.equal(said(['Content-Length: 005']), undefined)
  assert.match(said(['Content-Length: 0', 'Transfer-Encoding: chunked']) ?? '', /chunks/)
  assert.match(said([], { headers: { host: 'localhost' } }) ?? '', /how long/)
})

test('an offer of HTTP/2 is no fault, and every other change of the protocol is', () => {
  const named = 'Connection: Upgrade, HTTP2-Settings'
  const settings = 'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA'
  assert.equal(said([named, 'Upgrade: h2c', settings]), undefined)
  assert.equal(said(['Connection: upgrade', 'Upgrade: H2C']), undefined)
  for (const upgrade of ['websocket', 'h2c, websocket', 'websocket, h2c', 'h2', 'TLS/1.3', ''])
    assert.match(said([named, `Upgrade: ${upgrade}`]) ?? '', /protocol/, upgrade)
  assert.match(said([named, 'Upgrade: h2c', 'Upgrade: h2c']) ?? '', /protocol/)
  for (const connection of ['keep-alive', 'HTTP2-Settings', 'x-upgrade'])
    assert.match(said([`Connection: ${connection}`, 'Upgrade: h2c']) ?? '', /protocol/, connection)
  assert.match(said(['Upgrade: h2c']) ?? '', /protocol/)
})

test('the reader of heads lets these through: the guard is needed', () => {
  const end = 'Content-Length: 0\r\n\r\n'
  const texts = [
    `POST /mcp HTTP/1.1\r\nHost: a\r\nHost: b\r\n${end}`,
    `POST http://evil/mcp HTTP/1.1\r\nHost: a\r\n${end}`,
    'POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    `POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${end}`,
    'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n',
    'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
    `POST /mcp HTTP/1.1\r\nHost: a\r\nMcp_Name: x\r\n${end}`,
    `POST /mcp HTTP/1.1\r\nHost: a\r\nMcp-Name: x\r\nMcp-Name: y\r\n${end}`,
    `POST //evil/mcp HTTP/1.1\r\nHost: a\r\n${end}`,
    `POST /mcp HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n${end}`,
  ]
  for (const text of texts)
    assert.equal(guardHead(requestHeadOf(text))?.code, 'RINGMAIN_AMBIGUOUS_REQUEST', text)
})
