// Which era a request belongs to: the body decides, a header can only fail it, and a valid session wins over its headers.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import type { Decoded, Session } from '#router/facts.ts'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { testGuard } from '#test/support/read-message.ts'
import { codecOf, type DecodeRefusal, decodeRequest } from './decode.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}
const MODERN = { 'mcp-protocol-version': '2026-07-28' }

const session = (serverName = 'default'): Session => ({
  token: 'known',
  serverName,
  version: '2025-06-18',
  members: [],
})

interface Asked {
  readonly method?: string
  readonly id?: unknown
  readonly params?: Readonly<Record<string, unknown>>
  readonly headers?: IncomingHttpHeaders
  readonly verb?: 'GET' | 'DELETE'
  /** The virtual server whose session the token `known` opens. */
  readonly holds?: string
}

const NO_SESSIONS = { guard: testGuard(), openSession: () => undefined, routerId: 'r1' }

function ask(asked: Asked): ReturnType<typeof decodeRequest> {
  const { method = 'ping', id = 1, params, headers = {}, verb, holds = 'default' } = asked
  const message = { jsonrpc: '2.0', method, ...(id === 'none' ? {} : { id }), params }
  const arrived = arrivedAs({
    headers,
    ...(verb === undefined ? { body: Buffer.from(JSON.stringify(message)) } : { verb }),
  })
  return decodeRequest(arrived, {
    guard: testGuard(),
    openSession: token => (token === 'known' ? session(holds) : undefined),
    routerId: 'r1',
  })
}

const taken = (asked: Asked): Decoded => {
  const decoded = ask(asked)
  assert.ok(decoded.kind === 'ok', JSON.stringify(decoded))
  return decoded.value
}

const refused = (asked: Asked): DecodeRefusal => {
  const decoded = ask(asked)
  assert.ok(decoded.kind === 'refuse', 'it was taken')
  return decoded
}

const code = (asked: Asked): string => refused(asked).refusal.code

const modern = (method: string, more: Asked = {}): Asked => ({
  method,
  params: { ...more.params, _meta: META },
  ...more,
  headers: { ...MODERN, 'mcp-method': method, ...more.headers },
})

test('per-request metadata makes a request modern', () => {
  const decoded = taken(modern('server/discover'))
  assert.equal(decoded.era, 'modern')
  assert.equal(decoded.version, '2026-07-28')
  assert.equal(decoded.list, 'handshake')
  assert.equal(taken(modern('tools/list')).list, 'list')
})

test('the version header must say what the metadata says, and must be there', () => {
  for (const version of ['2025-11-25', '2027-01-01', 'x', '', undefined]) {
    const { era, refusal, idJson } = refused(
      modern('tools/list', { headers: { 'mcp-protocol-version': version } }),
    )
    assert.equal(refusal.code, 'RINGMAIN_HEADER_MISMATCH', String(version))
    assert.deepEqual([era, idJson], ['modern', '1'])
  }
})

test('an equal pair of an unknown modern version is not supported, and what is supported is told', () => {
  const { refusal } = refused({
    method: 'tools/list',
    params: { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } },
    headers: { 'mcp-protocol-version': '2099-01-01', 'mcp-method': 'tools/list' },
  })
  assert.equal(refusal.code, 'RINGMAIN_UNSUPPORTED_VERSION')
  assert.deepEqual(refusal.data, { supported: ['2026-07-28'], requested: '2099-01-01' })
})

test('metadata without capabilities, or with a version that is no text, is incomplete', () => {
  for (const meta of [
    { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
    { ...META, 'io.modelcontextprotocol/clientCapabilities': [] },
    { ...META, 'io.modelcontextprotocol/clientCapabilities': 'all' },
    { ...META, 'io.modelcontextprotocol/protocolVersion': 5 },
    { ...META, 'io.modelcontextprotocol/protocolVersion': null },
  ])
    assert.equal(code(modern('tools/list', { params: { _meta: meta } })), 'RINGMAIN_MISSING_META')
})

test('a modern request ignores a session and a last event id, known or not', () => {
  for (const token of ['known', 'unknown']) {
    const headers = { 'mcp-session-id': token, 'last-event-id': '5' }
    const decoded = taken(modern('tools/list', { headers }))
    assert.equal(decoded.session, undefined)
    assert.equal(decoded.era, 'modern')
  }
})

test('initialize is legacy whatever session or version its headers name, and negotiates', () => {
  for (const [asked, given] of [
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['2024-11-05', '2025-11-25'],
    ['2026-07-28', '2025-11-25'],
    [5, '2025-11-25'],
    [undefined, '2025-11-25'],
  ] as const) {
    const decoded = taken({
      method: 'initialize',
      params: { protocolVersion: asked },
      headers: { ...MODERN, 'mcp-session-id': 'unknown' },
    })
    assert.deepEqual([decoded.era, decoded.version, decoded.list], ['legacy', given, 'handshake'])
    assert.equal(decoded.session, undefined)
  }
})

test('initialize with modern metadata is modern, and no method there', () => {
  assert.equal(code(modern('initialize')), 'RINGMAIN_UNKNOWN_METHOD')
})

test('a known session makes a request legacy, under the version it was opened with', () => {
  for (const headers of [{}, { 'mcp-protocol-version': '2025-11-25' }, MODERN]) {
    const decoded = taken({
      method: 'tools/list',
      headers: { ...headers, 'mcp-session-id': 'known' },
    })
    assert.deepEqual([decoded.era, decoded.version], ['legacy', '2025-06-18'])
    assert.equal(decoded.session?.token, 'known')
  }
})

test('a version that nobody speaks is refused on a known session too, and only the modern one is excused', () => {
  for (const version of ['garbage', '', '2024-11-05', '2099-01-01', '2025-06-18, 2025-06-18'])
    for (const asked of [
      { method: 'tools/list' },
      { method: 'ping' },
      { method: 'notifications/cancelled', id: 'none' },
    ]) {
      const headers = { 'mcp-session-id': 'known', 'mcp-protocol-version': version }
      const { era, refusal } = refused({ ...asked, headers })
      const got = [era, refusal.code]
      assert.deepEqual(
        got,
        ['legacy', 'RINGMAIN_UNSUPPORTED_VERSION'],
        `${asked.method} ${version}`,
      )
    }
})

test('a session that is unknown, or another server’s, is answered 404 in the legacy era', () => {
  for (const asked of [
    { headers: { 'mcp-session-id': 'unknown' } },
    { headers: { 'mcp-session-id': '' } },
    { headers: { 'mcp-session-id': 'known' }, holds: 'other' },
    { id: 'none', method: 'notifications/initialized', headers: { 'mcp-session-id': 'unknown' } },
  ]) {
    const { era, refusal } = refused(asked)
    assert.deepEqual([era, refusal.code], ['legacy', 'RINGMAIN_SESSION_UNKNOWN'])
  }
})

test('a request without metadata and session is legacy and is served, of any version that is spoken', () => {
  for (const [header, version] of [
    [undefined, '2025-03-26'],
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
  ] as const) {
    const decoded = taken({ method: 'tools/list', headers: { 'mcp-protocol-version': header } })
    assert.deepEqual([decoded.era, decoded.version, decoded.list], ['legacy', version, 'list'])
  }
})

test('an old or unreadable version without metadata is refused in the legacy era', () => {
  for (const header of ['2024-11-05', 'latest', '']) {
    const { era, refusal } = refused({ headers: { 'mcp-protocol-version': header } })
    assert.deepEqual([era, refusal.code], ['legacy', 'RINGMAIN_UNSUPPORTED_VERSION'], header)
  }
})

test('a modern version header without metadata is refused for what is missing, never served as legacy', () => {
  for (const [token, holds] of [
    [undefined, 'default'],
    ['unknown', 'default'],
    ['known', 'other'],
  ] as const) {
    const { era, refusal } = refused({
      method: 'tools/list',
      headers: { ...MODERN, ...(token === undefined ? {} : { 'mcp-session-id': token }) },
      holds,
    })
    assert.deepEqual([era, refusal.code], ['modern', 'RINGMAIN_MISSING_META'])
    assert.deepEqual(refusal.data, {
      envelope: { missing: ['io.modelcontextprotocol/protocolVersion'] },
    })
  }
})

test('a notification is taken in both eras; a modern one holds no session of another server', () => {
  const note = { method: 'notifications/initialized', id: 'none' }
  assert.deepEqual([taken(note).era, taken(note).list], ['legacy', 'notice'])
  const withHeader = taken({ ...note, headers: MODERN })
  assert.deepEqual(
    [withHeader.era, withHeader.list, withHeader.version],
    ['modern', 'notice', '2026-07-28'],
  )
  const foreign = taken({
    ...note,
    headers: { ...MODERN, 'mcp-session-id': 'known' },
    holds: 'other',
  })
  assert.equal(foreign.session, undefined)
  const own = taken({ ...note, headers: { ...MODERN, 'mcp-session-id': 'known' } })
  assert.deepEqual([own.era, own.session?.token], ['legacy', 'known'])
})

test('a response is taken from a legacy caller and refused from a modern one', () => {
  const body = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}')
  const legacy = decodeRequest(arrivedAs({ body }), NO_SESSIONS)
  assert.equal(legacy.kind === 'ok' && legacy.value.list, 'notice')
  const later = decodeRequest(arrivedAs({ body, headers: MODERN }), NO_SESSIONS)
  assert.equal(later.kind === 'refuse' && later.refusal.code, 'RINGMAIN_INVALID_REQUEST')
})

test('an answer that the caller would not take is refused; one of the two types is enough', () => {
  for (const accept of ['text/html', 'image/*', 'application/xml;q=1'])
    assert.equal(code({ headers: { accept } }), 'RINGMAIN_NOT_ACCEPTABLE')
  for (const accept of [
    undefined,
    '',
    '*/*',
    'application/json',
    'text/event-stream',
    'application/*',
    'text/*;q=0.5',
    'text/html, Application/JSON',
  ])
    assert.equal(taken({ headers: { accept } }).era, 'legacy')
})

test('bytes that cannot be read are refused before any era', () => {
  const refusal = decodeRequest(arrivedAs({ body: Buffer.from('{') }), NO_SESSIONS)
  assert.ok(refusal.kind === 'refuse' && refusal.era === undefined)
})

test('of the headers only those that travel on are kept', () => {
  const headers = {
    'mcp-param-region': 'eu',
    traceparent: '00-1-2-01',
    tracestate: 'a=b',
    authorization: 'Bearer secret',
    cookie: 'c',
  }
  const { passedHeaders, paramHeaders } = taken(modern('tools/list', { headers }))
  assert.deepEqual(paramHeaders, [['mcp-param-region', 'eu']])
  assert.deepEqual(passedHeaders, [
    ['traceparent', '00-1-2-01'],
    ['tracestate', 'a=b'],
    ['x-ringmain-via', 'r1'],
  ])
})

test('each era has its codec', () => {
  assert.equal(codecOf('modern').era, 'modern')
  assert.equal(codecOf('legacy').era, 'legacy')
})
