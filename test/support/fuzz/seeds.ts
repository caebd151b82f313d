// What callers of both eras send when nothing is wrong, as bytes: what a fuzzer starts from.
// Two words stand for what is known only when it is sent, and both are replaced at the same length or within a header.
import {
  BOTH,
  callParams,
  LEGACY_VERSION,
  legacyHeaders,
  legacyRequest,
  modernRequest,
  type RawRequest,
} from '#test/support/raw-http.ts'

/** Told from every other case's in an answer, so that nobody gets what belongs to somebody else. */
export const TOKEN = 'tk00000000'
export const SESSION = 'session-of-this-case'
/** One that may be ended. */
export const ENDING = 'session-that-is-to-end'
export const PLAN = 'plan00000000'

/** One that runs long enough for its caller to leave meanwhile. */
export const SLOW_TOOL = 'slow'
export const SLOW_MS = 600
/** Of a call whose answer is planned. */
export const PLANNED_ID = 7

const args = { tag: TOKEN, n: 12_345_678, deep: { list: [1, 2.5, null, true, 'ü\n'] } }
const LEGACY_PATH = '/mcp/held'

function bytesOf(target: string, { method = 'POST', headers = {}, body }: RawRequest): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const content = body === undefined ? Buffer.alloc(0) : Buffer.from(body)
  const length = body === undefined ? '' : `content-length: ${content.length}\r\n`
  const head = `${method} ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}${length}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), content])
}

function notification(method: string, params: object): RawRequest {
  const request = legacyRequest(method, {}, { session: SESSION })
  return { ...request, body: JSON.stringify({ jsonrpc: '2.0', method, params }) }
}

const initialize = {
  protocolVersion: LEGACY_VERSION,
  capabilities: {},
  clientInfo: { name: 'fuzz', version: '1' },
}

/** Every one is answered with 200 or 202 as it stands, where its session still is. */
export const requestSeeds: readonly Buffer[] = [
  ...['echo', 'raw', 'progress', 'raw_stream', 'fail', 'error'].flatMap(tool => [
    bytesOf('/mcp', modernRequest('tools/call', callParams(tool, args), { progressToken: 'p' })),
    bytesOf(
      LEGACY_PATH,
      legacyRequest('tools/call', callParams(tool, args), { session: SESSION, progressToken: 'p' }),
    ),
  ]),
  bytesOf('/mcp', modernRequest('tools/call', callParams('echo', args), { id: TOKEN })),
  bytesOf('/mcp', modernRequest('tools/call', slowCall())),
  bytesOf(LEGACY_PATH, legacyRequest('tools/call', slowCall(), { session: SESSION })),
  bytesOf('/mcp/default', legacyRequest('tools/call', callParams('echo', args))),
  bytesOf('/mcp', modernRequest('tools/list')),
  bytesOf('/mcp', modernRequest('server/discover')),
  bytesOf(LEGACY_PATH, legacyRequest('tools/list', {}, { session: SESSION })),
  bytesOf(LEGACY_PATH, legacyRequest('ping', {}, { session: SESSION })),
  bytesOf('/mcp', legacyRequest('initialize', initialize)),
  bytesOf('/mcp', { ...legacyRequest('initialize', initialize), headers: plainHeaders() }),
  bytesOf(LEGACY_PATH, notification('notifications/initialized', {})),
  bytesOf(LEGACY_PATH, notification('notifications/cancelled', { requestId: 1, reason: 'x' })),
]

/** Refused or ended as they stand: only a start for what is changed. */
export const otherSeeds: readonly Buffer[] = [
  bytesOf(LEGACY_PATH, { method: 'DELETE', headers: legacyHeaders({ session: ENDING }) }),
  bytesOf(LEGACY_PATH, { method: 'GET', headers: legacyHeaders({ session: SESSION }) }),
  bytesOf('/mcp', { method: 'OPTIONS', headers: { origin: 'http://127.0.0.1' } }),
  bytesOf('/mcp/wobbly', modernRequest('tools/list')),
  bytesOf('/mcp/wobbly', modernRequest('server/discover')),
  bytesOf('/mcp/wobbly', modernRequest('tools/call', callParams('echo', args))),
  bytesOf('/mcp/wobbly', legacyRequest('initialize', initialize)),
]

function slowCall(): Readonly<Record<string, unknown>> {
  return callParams(SLOW_TOOL, { ...args, ms: SLOW_MS })
}

function plainHeaders(): Record<string, string> {
  return { 'content-type': 'application/json', accept: BOTH }
}

/** A right call whose answer is the one that is planned. */
export const plannedCall = (isModern: boolean): Buffer => {
  const params = callParams('echo', { tag: TOKEN, plan: PLAN })
  const asked = { id: PLANNED_ID, progressToken: 'p' }
  return bytesOf(
    '/mcp/broken',
    isModern
      ? modernRequest('tools/call', params, asked)
      : legacyRequest('tools/call', params, asked),
  )
}
